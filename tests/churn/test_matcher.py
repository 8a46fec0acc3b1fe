"""Phrases stand where they say, in whatever spelling the customer used; contexts cancel them."""

import pytest

from sentiment_kit.churn.matcher import PhraseMatch, PhraseMatcher
from sentiment_kit.churn.patterns import ContextRule, Pattern
from sentiment_kit.churn.risk import HEAD_THRESHOLD, assess
from sentiment_kit.results import ChurnPhrase
from sentiment_kit.taxonomy import LANGUAGES

MATCHERS = {language: PhraseMatcher.default(language) for language in LANGUAGES}


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "I WON’T be ordering here AGAIN!!!", "exit"),
        ("en", "ｗｏｎ'ｔ be ordering here again", "exit"),
        ("en", "I've switched to another provider", "switching"),
        ("ja", "もう二度と買いません", "exit"),
        ("ja", "ﾓｳ二度と行きません。", "exit"),
        ("ja", "他社に乗り換えました", "switching"),
        ("uk", "Більше тут не замовлятиму", "exit"),
        ("uk", "перейшов до іншого оператора", "switching"),
        ("fa", "دیگه ازتون خرید نمی‌کنم", "exit"),
        ("fa", "دیگه ازتون خرید نمی کنم", "exit"),
        ("fa", "ديگه ازتون خريد نميكنم", "exit"),
    ],
)
def test_spellings(language, text, kind):
    found = MATCHERS[language].find(f"😡 {text} 😡")
    assert kind in {match.phrase.kind for match in found}
    for match in found:
        assert f"😡 {text} 😡"[match.phrase.start : match.phrase.end] == match.phrase.text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "I won't stop coming here."),
        ("en", "I cancelled my order yesterday and got the money back at once, thanks."),
        ("en", "Couldn't stop eating, the last visit was lovely."),
        ("en", "The shop closes at nine, leave your bag at the desk."),
        ("ja", "注文をキャンセルしましたが、すぐに返金されて助かりました。"),
        ("ja", "前回の訪問も今回も最高でした。"),
        ("ja", "閉店は九時です。"),
        ("uk", "Замовлення скасували вчасно, гроші повернули, дякую."),
        ("uk", "Останній візит був чудовий, обов'язково прийдемо ще."),
        ("fa", "سفارشم را لغو کردم و پولم سریع برگشت، ممنون."),
        ("fa", "دفعه قبل هم عالی بود، باز هم میایم."),
    ],
)
def test_what_is_no_churn(language, text):
    assert MATCHERS[language].find(text) == []


def test_overlaps_resolve_to_the_longest():
    short = Pattern("x.short", "exit", [{"LOWER": "again"}], 0.9, "", "")
    long = Pattern("x.long", "exit", [{"LOWER": "never"}, {"LOWER": "again"}], 0.5, "", "")
    found = PhraseMatcher("en", [short, long]).find("Never again. Again?")
    assert [(match.phrase.text, match.weight) for match in found] == [("Never again", 0.5), ("Again", 0.9)]


@pytest.mark.parametrize(
    ("place", "expression", "text", "kept"),
    [
        ("before", "not $", "I will not leave", False),
        ("before", "not $", "I will leave", True),
        ("after", "^ the bag", "I leave the bag", False),
        ("after", "^ the bag", "I leave. the bag", True),
        ("sentence", "joke", "As a joke: I leave.", False),
        ("sentence", "joke", "A joke. I leave.", True),
        ("text", "joke", "A joke. I leave.", False),
    ],
)
def test_places_of_context_rules(place, expression, text, kept):
    import re

    pattern = Pattern("x", "exit", [{"LOWER": "leave"}], 0.9, "", "")
    rule = ContextRule("r", place, re.compile(expression), frozenset({"exit"}), "")
    assert bool(PhraseMatcher("en", [pattern], [rule]).find(text)) is kept


def test_a_phrase_does_not_reach_over_a_line_break():
    assert MATCHERS["en"].find("Waited for reply\nI will not\nreturn policy is good") == []
    assert MATCHERS["en"].find("Parking is never\nI cancelled my subscription")


def test_a_letter_that_grows_when_folded_moves_no_span():
    text = "I\u0307 am done. I will never order from you again."
    found = MATCHERS["en"].find(text)[-1].phrase
    assert text[found.start : found.end] == found.text
    assert found.text.endswith("again")


def test_a_text_longer_than_sudachi_takes():
    text = "あ" * 60_000 + "もう二度と買いません"
    found = MATCHERS["ja"].find(text)
    assert any(match.phrase.kind == "exit" for match in found)


def phrase(kind, weight=0.8):
    return PhraseMatch(ChurnPhrase(kind, "x", 0, 1, "pattern:x"), weight)


@pytest.mark.parametrize(
    ("kinds", "head", "level"),
    [
        ([], 0.0, "none"),
        ([], None, "none"),
        ([], HEAD_THRESHOLD - 0.01, "none"),
        ([], HEAD_THRESHOLD, "low"),
        (["regret"], 0.0, "low"),
        (["regret", "regret"], 0.0, "low"),
        (["regret", "distrust"], 0.0, "medium"),
        (["ultimatum"], 0.0, "medium"),
        (["disengagement"], 0.0, "medium"),
        (["resignation"], 0.0, "medium"),
        (["exit"], 0.0, "high"),
        (["regret", "switching"], 0.0, "high"),
    ],
)
def test_levels(kinds, head, level):
    risk = assess([phrase(kind) for kind in kinds], head)
    assert risk.level == level
    assert risk.flagged == (level != "none")


def test_the_score_is_a_noisy_or_of_kinds_and_head():
    assert assess([], None).score == 0
    assert assess([phrase("exit", 0.9)], 0.0).score == pytest.approx(0.9)
    assert assess([phrase("exit", 0.9), phrase("exit", 0.5)], None).score == pytest.approx(0.9)
    assert assess([phrase("exit", 0.9), phrase("regret", 0.5)], None).score == pytest.approx(0.95)
    assert assess([phrase("exit", 0.9)], 0.6).score == pytest.approx(1 - 0.1 * 0.7)
