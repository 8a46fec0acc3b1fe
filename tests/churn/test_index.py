"""The index of patterns leaves out nothing that spaCy's matcher would find."""

import json
from pathlib import Path

import pytest
import spacy
from spacy.matcher import Matcher

from sentiment_kit.churn.index import PatternIndex
from sentiment_kit.churn.matcher import _Engine
from sentiment_kit.churn.patterns import FOLDER, load_patterns
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import for_matching, sentences

CORPORA = Path(__file__).parents[2] / "corpora"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_matches_as_without_the_index(language, reviews):
    patterns = load_patterns(FOLDER / "patterns" / f"{language}.jsonl")
    engine = _Engine(language, patterns)
    nlp = spacy.blank(language)
    matcher = Matcher(nlp.vocab)
    for name, tokens in engine._tokens.items():
        matcher.add(name, [tokens])
    texts = [text for text, code in reviews if code == language] + [pattern.positive for pattern in patterns[::4]]
    for text in texts:
        view = for_matching(text).text
        doc = nlp.make_doc(view)
        wanted = {
            (nlp.vocab.strings[key], doc[first].idx, doc[last - 1].idx + len(doc[last - 1]))
            for key, first, last in matcher(doc)
        }
        assert set(engine.spans(view)) == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_with_a_match_is_passed_over(language):
    patterns = load_patterns(FOLDER / "patterns" / f"{language}.jsonl")
    engine = _Engine(language, patterns)
    texts = [pattern.positive for pattern in patterns]
    for folder in ("churn", "feedback"):
        lines = (CORPORA / folder / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
        texts += [json.loads(line)["text"] for line in lines[::2]]
    texts += (CORPORA / "samples" / "export.csv").read_text(encoding="utf-8").splitlines()
    views = [for_matching(text).text for text in texts]
    skipped = [v[a:b] for v in views for a, b in sentences(v) if not engine._is_worth_reading(v[a:b])]
    assert len(skipped) > 100
    assert [sentence for sentence in skipped if engine._read(sentence)] == []


@pytest.mark.parametrize(
    ("tokens", "sentence", "wanted"),
    [
        ([{"LOWER": "not"}], "i cannot go", True),
        ([{"LOWER": "n't"}, {"LOWER": "buy"}], "i don't buy", True),
        ([{"LOWER": "n't"}, {"LOWER": "buy"}], "i will buy", False),
        ([{"LOWER": "buy"}, {"LOWER": "n't"}], "i don't buy", False),
        ([{"LOWER": "do"}, {"LOWER": "n't"}, {"LOWER": "buy"}], "i don't buy", True),
        ([{"LOWER": "do"}, {"LOWER": "n't"}, {"LOWER": "buy"}], "i don't ever buy", False),
        ([{"LOWER": {"REGEX": "^cancel(?:led)?$|^quit"}}], "(quitting)", True),
        ([{"LOWER": {"REGEX": "^cancel(?:led)?$|^quit"}}], "i quip", False),
        ([{"LOWER": {"REGEX": "ing$"}}], "no", True),  # cannot be spelled out
        ([{"LEMMA": "be"}], "no", True),
        ([{"TEXT": " "}], "a  b", True),
        ([{"TEXT": {"IN": ["\n", "x"]}}], "no", True),
        ([{"IS_PUNCT": True}], "no", True),
        ([{"LOWER": "no", "OP": "?"}], "yes", True),
    ],
)
def test_may_match(tokens, sentence, wanted):
    assert PatternIndex({"p": tokens}).may_match(sentence) is wanted


@pytest.mark.parametrize(
    ("tokens", "words", "wanted"),
    [
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["never", "again"], True),
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["never", "more"], False),
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["again", "never"], False),
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["never", "x", "again"], False),
        ([{"LOWER": "never"}, {"OP": "?"}, {"LOWER": "again"}], ["never", "x", "again"], True),
        ([{"LOWER": "never"}, {"OP": "?"}, {"LOWER": "again"}], ["never", "x", "x", "again"], False),
        ([{"LOWER": "never"}, {"IS_PUNCT": False}, {"OP": "{0,1}"}, {"LOWER": "a"}], ["never", "x", "x", "a"], True),
        ([{"LOWER": "never"}, {"OP": "{,2}"}, {"LOWER": "again"}], ["never", "x", "x", "again"], True),
        ([{"LOWER": "never"}, {"OP": "{2,}"}, {"LOWER": "again"}], ["never", *"xxxxxxx", "again"], True),
        ([{"LOWER": "never"}, {"OP": "*"}, {"LOWER": "again"}], ["never", *"xxxxxxx", "again"], True),
        ([{"LOWER": "so", "OP": "+"}, {"LOWER": "bad"}], ["so", "so", "so", "bad"], True),
        ([{"LOWER": "so", "OP": "{2}"}, {"LOWER": "bad"}], ["so", "so", "bad"], True),
        ([{"LOWER": "a"}, {"LOWER": "a"}, {"LOWER": "b"}], ["a", "b"], False),
        ([{"LOWER": "never", "OP": "?"}, {"LOWER": "again"}], ["again"], True),
        ([{"LOWER": {"IN": ["a", "b"]}}], ["b"], True),
        ([{"LOWER": {"IN": ["a", "b"]}}], ["c"], False),
        ([{"LOWER": {"REGEX": "^canc"}}], ["cancelled"], True),
        ([{"LOWER": {"REGEX": "^canc"}}], ["uncancelled"], False),
        ([{"LEMMA": "x"}], ["y"], False),
        ([{"IS_PUNCT": True}], ["word"], True),  # cannot be answered from a word: always a candidate
        ([{"LOWER": {"NOT_IN": ["a"]}}, {"LOWER": "b"}], ["b"], True),
        ([{"OP": "{0,3}"}, {"LOWER": "b"}], ["b"], True),
    ],
)
def test_candidates(tokens, words, wanted):
    index = PatternIndex({"p": tokens})
    assert (index.candidates([(word, word) for word in words]) == ["p"]) is wanted


def test_spacy_starts_anew_when_it_has_seen_enough(monkeypatch):
    from sentiment_kit.churn import matcher as module

    found = module.PhraseMatcher.default("en")
    found.find("I cancelled my subscription.")
    first = found._engine
    monkeypatch.setattr(module, "_MAX_VOCABULARY", 10)
    assert found.find("I cancelled my subscription.")
    assert found._engine is not first
