"""What the churn head alone raises: a sentence as a phrase, and a level below that of a stated phrase."""

import pytest

from sentiment_kit.churn.evidence import sentence_match, sentence_spans
from sentiment_kit.churn.matcher import PhraseMatch
from sentiment_kit.churn.risk import DOUBT, HEAD_THRESHOLD, assess, counted
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.taxonomy import CHURN_KINDS


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Nice room.  The keys are back at reception.\n", ["Nice room.", "The keys are back at reception."]),
        ("良い宿でした。\n　来年は山へ。", ["良い宿でした。", "来年は山へ。"]),
        ("خوب بود. بعدش دیگه سر نزدم؟ نه", ["خوب بود.", "بعدش دیگه سر نزدم؟", "نه"]),
        (" \n ", []),
    ],
)
def test_sentences_of_a_raw_text(text, wanted):
    assert [text[start:end] for start, end in sentence_spans(text)] == wanted


@pytest.mark.parametrize(("kind", "level"), [("exit", "medium"), ("switching", "medium"), ("regret", "low")])
def test_the_head_alone_is_weaker_than_a_stated_phrase(kind, level):
    text = "Nice room. The keys are back at reception."
    match = sentence_match(text, (11, 42), CHURN_KINDS.index(kind), 0.95)
    risk = assess([match], 0.95)
    assert (risk.level, risk.phrases[0].text, risk.phrases[0].source) == (level, text[11:], "model")
    assert risk.score == assess([], 0.95).score, "the head counts once"
    assert assess([], HEAD_THRESHOLD - 0.01).level == "none"


def test_praise_takes_more_to_be_a_sign():
    assert assess([], 0.7, positive=0.0).level == "low"
    assert assess([], 0.7, positive=0.9).level == "none"
    assert assess([], 0.97, positive=0.9).level == "low"


def test_the_head_may_doubt_a_pattern_of_the_package_and_none_of_the_users():
    phrase = ChurnPhrase("exit", "I am out", 0, 8, "pattern:x")
    shipped, own = PhraseMatch(phrase, 0.9), PhraseMatch(phrase, 0.9, own=True)
    assert counted([shipped, own], DOUBT - 0.01, 0.9) == [own]
    assert counted([shipped, own], DOUBT - 0.01, 0.2) == [shipped, own], "not in praise"
    assert counted([shipped, own], DOUBT, 0.9) == [shipped, own]
    assert counted([shipped, own], None, 0.9) == [shipped, own], "a model without a churn head doubts nothing"
