"""Fixed gaps match what the gap of any length matches."""

import pytest
import spacy
from spacy.matcher import Matcher

from sentiment_kit.churn.gaps import with_fixed_gaps

NLP = spacy.blank("en")


def spans(patterns, text):
    matcher = Matcher(NLP.vocab)
    matcher.add("p", patterns)
    return {(first, last) for _, first, last in matcher(NLP(text))}


@pytest.mark.parametrize(
    ("tokens", "variants"),
    [
        ([{"LOWER": "a"}, {"OP": "{0,6}"}, {"LOWER": "b"}], 7),
        ([{"LOWER": "a"}, {"OP": "{2,6}"}, {"LOWER": "b"}], 5),
        ([{"LOWER": "a"}, {"OP": "{0,5}"}, {"LOWER": "b"}, {"IS_PUNCT": False, "OP": "{,4}"}, {"LOWER": "c"}], 30),
        ([{"LOWER": "a"}, {"OP": "{0,2}"}, {"LOWER": "b"}], 1),
        ([{"LOWER": "a"}, {"OP": "*"}, {"LOWER": "b"}], 1),
        ([{"LOWER": "a", "OP": "+"}, {"LOWER": "x", "OP": "?"}, {"LOWER": "b", "OP": "{1,}"}], 1),
        ([{"LOWER": "x", "OP": "{0,4}"}], 4),
        ([{"OP": "{0,20}"}, {"LOWER": "b"}, {"OP": "{0,15}"}, {"LOWER": "c"}], 21),
    ],
)
def test_the_same_matches(tokens, variants):
    fixed = with_fixed_gaps(tokens)
    assert len(fixed) == variants
    for text in ("a x x b c", "a b", "a x x x x x x x b", "x x x x x x", "a , b x , x c", "b x c a b c c", "a a x b b"):
        assert spans(fixed, text) == spans([tokens], text)
