"""The index of patterns leaves out nothing that spaCy's matcher would find."""

import pytest
import spacy
from spacy.matcher import Matcher

from sentiment_kit.churn.index import PatternIndex
from sentiment_kit.churn.matcher import _Engine
from sentiment_kit.churn.patterns import FOLDER, load_patterns
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import for_matching


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


@pytest.mark.parametrize(
    ("tokens", "words", "wanted"),
    [
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["never", "again"], True),
        ([{"LOWER": "never"}, {"LOWER": "again"}], ["never", "more"], False),
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
