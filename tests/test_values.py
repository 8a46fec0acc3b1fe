"""Errors, taxonomy and results: the values that everything else is made of."""

import ast
import inspect
import json
import pickle
import re
from collections import defaultdict
from pathlib import Path

import pytest

from sentiment_kit import errors, taxonomy
from sentiment_kit.results import Analysis, ChurnPhrase, ChurnRisk, LanguageGuess, Sentiment, ThemeScore

ERRORS = [value for value in vars(errors).values() if inspect.isclass(value)]


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_belong_to_the_drawn_tree_and_survive_a_process_boundary(kind):
    assert kind.__name__ in errors.__doc__
    error = kind("SK999", "what was found")
    assert isinstance(error, errors.SentimentKitError)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.code, copy.message, str(copy)) == ("SK999", "what was found", "SK999: what was found")


def test_errors_are_what_python_users_expect_too():
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.FileFormatError, ValueError)
    assert issubclass(errors.MissingExtraError, ImportError)
    assert "pip install 'sentiment-kit[train]'" in str(errors.MissingExtraError.needs("train", "Training"))


SAME_MEANING = {
    "SK202": {"batch/readers.py", "cli/report.py"},  # nothing to read
    "SK205": {"batch/encodings.py", "batch/readers.py"},  # the encoding
    "SK251": {"batch/ray_engine.py", "cli/score.py"},  # not with --engine ray
}


def test_a_code_has_one_meaning():
    package = Path(errors.__file__).parent
    places, kinds = defaultdict(set), defaultdict(set)
    for file in package.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Name(kind), args=[ast.Constant(str(code)), *_]) if re.fullmatch(
                    r"SK\d{3}", code
                ):
                    places[code].add(file.relative_to(package).as_posix())
                    kinds[code].add(kind)
    assert len(places) > 50
    assert {code: found for code, found in places.items() if len(found) > 1} == SAME_MEANING
    assert {code: found for code, found in kinds.items() if len(found) > 1} == {}


def test_taxonomies_are_the_designed_ones():
    assert taxonomy.SENTIMENTS == ("negative", "neutral", "positive")
    assert taxonomy.THEMES == (
        "quality", "accuracy", "delivery", "delay", "price", "billing",
        "staff", "support", "recovery", "app", "facility", "trust",
    )  # fmt: skip
    assert taxonomy.CHURN_KINDS == (
        "exit", "switching", "ultimatum", "resignation", "disengagement", "unresolved", "distrust", "regret",
    )  # fmt: skip
    assert taxonomy.CHURN_LEVELS == ("none", "low", "medium", "high")


@pytest.mark.parametrize("label", taxonomy.SENTIMENT_LABELS + taxonomy.THEME_LABELS + taxonomy.CHURN_LABELS)
def test_every_label_has_a_definition_and_a_name_in_each_language(label):
    assert label.definition
    assert set(label.display) == set(taxonomy.LANGUAGES)
    assert len({taxonomy.display_name(label.name, code) for code in taxonomy.LANGUAGES}) == 4
    assert taxonomy.display_name(label.name, "de") == label.display["en"]


def test_display_name_of_an_unknown_label():
    with pytest.raises(KeyError):
        taxonomy.display_name("weather")


def analysis():
    return Analysis(
        text="Never again.",
        language=LanguageGuess("en", 0.9),
        sentiment=Sentiment("negative", {"negative": 0.8, "neutral": 0.1, "positive": 0.1}),
        theme_scores={"staff": 0.7},
        themes=(ThemeScore("staff", 0.7),),
        churn=ChurnRisk("high", 0.9, (ChurnPhrase("exit", "Never again", 0, 11, "pattern:x"),)),
        n_tokens=3,
        n_windows=1,
    )


def test_to_dict_is_plain_json():
    raw = analysis().to_dict()
    assert json.loads(json.dumps(raw)) == raw
    assert raw["churn"] == {
        "level": "high",
        "score": 0.9,
        "flagged": True,
        "phrases": [{"kind": "exit", "text": "Never again", "start": 0, "end": 11, "source": "pattern:x"}],
    }
    assert raw["language"] == {"code": "en", "confidence": 0.9}
    assert list(raw) == [
        "text", "language", "sentiment", "themes", "theme_scores", "churn", "n_tokens", "n_windows", "error",
    ]  # fmt: skip


def test_results_are_frozen():
    with pytest.raises(AttributeError):
        analysis().text = "other"
    with pytest.raises(AttributeError):
        analysis().churn.level = "none"
