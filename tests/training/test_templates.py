"""Templates to learn from: what they draw, what is refused, and that a network learns from them."""

import json
import re
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.training

torch = pytest.importorskip("torch")

from sentiment_kit import CorpusError  # noqa: E402
from sentiment_kit.encoder.network import FeedbackNetwork, Shape  # noqa: E402
from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES, SENTIMENTS  # noqa: E402
from sentiment_kit.training.default import marks_of  # noqa: E402
from sentiment_kit.training.lessons import TemplateLesson  # noqa: E402
from sentiment_kit.training.templates import Template, load_templates  # noqa: E402
from sentiment_kit.training.vocabulary import train_tokenizer  # noqa: E402

CORPORA = Path(__file__).parents[2] / "corpora"
THINGS = ("soup", "room", "app", "bus")
GOOD, BAD = ("tasty", "clean", "quick", "kind"), ("salty", "dirty", "late", "rude")


def template(sentiment, *slots, churn=None):
    return Template(slots, " ", sentiment, churn)


LINES = (
    template("positive", THINGS, ("is", "was"), GOOD),
    template("negative", THINGS, ("is", "was"), ("not",), GOOD),
    template("positive", THINGS, ("is", "was"), ("not",), BAD),
    template("negative", THINGS, ("is", "was"), BAD),
)


def test_one_alternative_of_each_slot_is_drawn_and_an_empty_one_leaves_no_gap():
    line = template("negative", ("Soup",), ("was", ""), ("not hot", "cold"))
    expected = ["Soup was not hot", "Soup was cold", "Soup not hot", "Soup cold"]
    assert list(line.all()) == expected
    rng = np.random.default_rng(1)
    assert {line.draw(rng) for _ in range(100)} == set(expected)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        '{"slots": [["a"]]}',
        '{"sentiment": "bad", "slots": [["a"]]}',
        '{"sentiment": "negative", "slots": []}',
        '{"sentiment": "negative", "slots": [["a"], []]}',
        '{"sentiment": "negative", "slots": [["a", 1]]}',
        '{"sentiment": "negative", "slots": [3]}',
        '{"sentiment": null, "slots": [["a"]]}',
        '{"sentiment": "negative", "chrun": [], "slots": [["a"]]}',
        '{"sentiment": "negative", "churn": ["leaving"], "slots": [["a"]]}',
    ],
)
def test_a_broken_line_is_named(tmp_path, line):
    topic = tmp_path / "topic"
    topic.mkdir()
    for language in LANGUAGES:
        (topic / f"{language}.jsonl").write_text('{"sentiment": "positive", "slots": [["a"]]}\n', encoding="utf-8")
    assert load_templates(tmp_path)["uk"] == [[Template((("a",),), " ", "positive")]]
    with (topic / "uk.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(CorpusError, match="SK629.*uk.jsonl, line 2"):
        load_templates(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CorpusError, match="SK628.*no templates"):
        load_templates(tmp_path)
    (tmp_path / "topic").mkdir()
    with pytest.raises(CorpusError, match="SK628.*ja.jsonl"):
        load_templates(tmp_path)


def plain(text):
    return re.sub(r"\W+", " ", text).strip().casefold()


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_templates_hold_every_sentiment_and_no_text_that_is_measured_on(language):
    templates = list(chain.from_iterable(load_templates(CORPORA / "templates")[language]))
    drawn = {plain(text) for line in templates for text in line.all()}
    own = (CORPORA / folder / f"{language}.jsonl" for folder in ("feedback", "churn"))
    files = [*own, *(CORPORA / "suites").glob(f"*/{language}.jsonl")]
    records = map(json.loads, chain.from_iterable(file.read_text(encoding="utf-8").splitlines() for file in files))
    measured = [text for record in records for text in record.get("texts", [record.get("text")])]
    assert len(measured) > 2000
    assert not [text for text in measured if plain(text) in drawn]
    assert {line.sentiment for line in templates} >= set(SENTIMENTS)
    assert {kind for line in templates for kind in line.churn or ()} == set(CHURN_KINDS)
    assert len(templates) >= 500


def test_a_network_learns_what_not_does():
    sentences = [(text, line.sentiment) for line in LINES for text in line.all()]
    tokenizer = train_tokenizer([text for text, _ in sentences] * 5, 130)
    marks = marks_of(tokenizer)
    torch.manual_seed(1)
    shape = Shape(tokenizer.get_vocab_size(), width=32, layers=1, heads=2, inner=64, positions=64)
    network = FeedbackNetwork(shape, dropout=0.0)
    lesson = TemplateLesson(dict.fromkeys(LANGUAGES, [LINES]), tokenizer, marks, size=48)
    optimiser = torch.optim.AdamW(network.parameters(), lr=6e-3)
    lesson.begin([1])
    for _ in range(120):
        optimiser.zero_grad()
        lesson.loss(network).backward()
        optimiser.step()
    network.eval()
    for text, sentiment in sentences:
        ids = [marks.begin, *tokenizer.encode(text, add_special_tokens=False).ids, marks.end]
        scores = network(torch.tensor([ids]), torch.ones(1, len(ids)))[0]
        assert SENTIMENTS[scores.argmax().item()] == sentiment, text


def test_what_a_line_does_not_say_is_not_learnt():
    tokenizer = train_tokenizer([text for line in LINES for text in line.all()] * 5, 130)
    shape = Shape(tokenizer.get_vocab_size(), width=16, layers=1, heads=2, inner=16, positions=64)
    silent = [template(None, ("soup is not tasty", "bus was late"), churn=())]
    leaving = [template("negative", ("soup is not tasty", "bus was late"), churn=("exit",))]
    for topic, learnt in ((LINES, {"sentiment"}), (silent, {"churn"}), (leaving, {"sentiment", "churn", "kinds"})):
        network = FeedbackNetwork(shape)
        TemplateLesson({"en": [topic]}, tokenizer, marks_of(tokenizer)).loss(network).backward()
        heads = {
            "sentiment": network.sentiment,
            "themes": network.themes,
            "churn": network.churn,
            "kinds": network.kinds,
        }
        assert {name for name, head in heads.items() if head.weight.grad.abs().sum() > 0} == learnt


def test_the_same_seed_draws_the_same():
    tokenizer = train_tokenizer([text for line in LINES for text in line.all()] * 5, 130)
    torch.manual_seed(1)
    network = FeedbackNetwork(
        Shape(tokenizer.get_vocab_size(), width=16, layers=1, heads=2, inner=16, positions=64), dropout=0.0
    )
    lesson = TemplateLesson({"en": [LINES]}, tokenizer, marks_of(tokenizer))
    losses = []
    for seed in (3, 3, 4):
        lesson.begin([seed])
        losses.append([lesson.loss(network).item() for _ in range(3)])
    assert losses[0] == losses[1] != losses[2]


def test_a_stage_of_the_transformer_leaves_the_n_grams_alone():
    tokenizer = train_tokenizer([text for line in LINES for text in line.all()] * 5, 130)
    shape = Shape(tokenizer.get_vocab_size(), width=16, layers=1, heads=2, inner=16, positions=64, grams=1024)
    for with_grams in (True, False):
        torch.manual_seed(1)
        network = FeedbackNetwork(shape)
        lesson = TemplateLesson({"en": [LINES]}, tokenizer, marks_of(tokenizer), with_grams)
        lesson.begin([1])
        for _ in range(8):
            lesson.loss(network).backward()
        assert (network.grams.weights.weight.grad is not None) == with_grams
