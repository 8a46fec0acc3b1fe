"""Normalised views and the way back to the raw text."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment_kit.text import for_matching, for_model, sentences

ANY_TEXT = st.text(st.characters(), max_size=200)  # surrogates included
FEEDBACK_TEXT = st.text(
    st.sampled_from(
        "abcИиіїґ'’ʼ`´‘ کيیىكة‌ 可ｶﾞﾊﾟｰーあA１۱٣👍🏽👩‍👧❤️…！!?؟。\n\t\u0301\u0306\u0307\u064b\u0640ﬁ㌔İßhttp://w.c@"
    )
    | st.characters(),
    max_size=120,
)
VIEWS = [for_model, for_matching]


@pytest.mark.parametrize("view", VIEWS)
@given(text=ANY_TEXT | FEEDBACK_TEXT, data=st.data())
@settings(max_examples=600, deadline=None)
def test_every_span_maps_to_a_slice_of_the_raw_text(view, text, data):
    normalised = view(text)
    assert normalised.raw == text
    if not normalised.text:
        return
    start = data.draw(st.integers(0, len(normalised.text) - 1))
    end = data.draw(st.integers(start + 1, len(normalised.text)))
    raw_start, raw_end = normalised.to_raw(start, end)
    assert 0 <= raw_start < raw_end <= len(text)
    # A longer span never maps to a shorter stretch.
    whole_start, whole_end = normalised.to_raw(0, len(normalised.text))
    assert whole_start <= raw_start
    assert raw_end <= whole_end


@pytest.mark.parametrize("view", VIEWS)
@given(text=ANY_TEXT | FEEDBACK_TEXT)
@settings(max_examples=300, deadline=None)
def test_neighbouring_characters_map_to_stretches_in_order(view, text):
    normalised = view(text)
    spans = [normalised.to_raw(place, place + 1) for place in range(len(normalised.text))]
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("unit", ["ﾀﾞﾒ㌔！", "п´ять iнтернет ", "نمی‌خرم كي ", "so good!!!! ", "\ud800\x00", "a"])
def test_a_megabyte_is_quick_and_maps_back(view, unit):
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    begun = time.process_time()
    normalised = view(text)
    if normalised.text:
        start, end = normalised.to_raw(len(normalised.text) - 1, len(normalised.text))
        assert start < end <= len(text)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("ﾀﾞﾒﾃﾞｽ", "ダメデス"),
        ("ＡＢＣ　１２", "abc 12"),
        ("㌔", "キロ"),
        ("ﬁne", "fine"),
        ("هاي كتاب", "های کتاب"),
        ("۱۲٣", "123"),
        ("п’ять пʼять п`ять п´ять п‘ять п'ять", "п'ять п'ять п'ять п'ять п'ять п'ять"),
        ("йо\u0301жик и\u0306од", unicodedata.normalize("NFC", "йо\u0301жик йод")),
        ("iнтернет об'iзд", "інтернет об'ізд"),
        ("I'm sure it's 'it'", "i'm sure it's 'it'"),
        ("a\x00b\ud800c", "a b c"),
        ("co\u00adop\u200b", "coop"),
        ("İstanbul", "istanbul"),
        ("ЧУДОВО", "чудово"),
        ("a \t b", "a b"),
        ("I\u0307 am", "i am"),
    ],
)
def test_folds_of_both_views(view, raw, wanted):
    assert view(raw).text == wanted


def test_line_breaks_stay_in_the_matching_view_alone():
    assert for_model("never \n again").text == "never again"
    assert for_matching("never \n again").text == "never\nagain"


def test_folds_of_the_model_view():
    assert for_model("soooo goooood!!!!").text == "soo good!!"
    assert for_model("すごーーーい").text == "すごーーい"
    assert for_model("see https://a.b/c?d=1 or www.x.y, mail a.b@c.de, @shop_1").text == (
        "see <url> or <url> mail <url>, <user>"
    )
    assert for_model("نمی‌خرم").text == "نمی‌خرم"


@pytest.mark.parametrize("raw", ["نمی‌خرم", "نمی خرم", "نمیخرم", "نمي خرم"])
def test_half_space_variants_match_alike(raw):
    assert for_matching(raw).text == "نمیخرم"


@pytest.mark.parametrize("raw", ["کتاب‌های", "کتاب های", "کتابهای"])
def test_persian_suffixes_match_alike(raw):
    assert for_matching(raw).text == "کتابهای"


def test_matching_view_unifies_quotes_and_stretched_letters():
    assert for_matching("«ніколи» — neveeeer “again”!!!").text == '"ніколи" - never "again"!'


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("emoji", ["ℹ️", "1️⃣", "👩‍👩‍👧", "👍🏽", "❤️", "™️", "🇯🇵"])
def test_emoji_stay_whole(view, emoji):
    normalised = view(f"ok {emoji} ｶﾞ")
    assert emoji in normalised.text
    start = normalised.text.index(emoji)
    assert normalised.raw[slice(*normalised.to_raw(start, start + len(emoji)))] == emoji


def test_spans_across_folds_come_back_whole():
    view = for_matching("もうﾀﾞﾒﾃﾞｽ。نمی‌خرم")
    for folded, raw in (("ダメデス", "ﾀﾞﾒﾃﾞｽ"), ("نمیخرم", "نمی‌خرم")):
        start = view.text.index(folded)
        assert view.raw[slice(*view.to_raw(start, start + len(folded)))] == raw


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 99)])
def test_spans_outside_the_text_are_refused(start, end):
    with pytest.raises(ValueError, match="empty or outside"):
        for_model("abc").to_raw(start, end)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("もう行かない。二度と！「最悪」", ["もう行かない。", "二度と！", "「最悪」"]),
        ("Paid 3.5 at example.com. Never again!", ["Paid 3.5 at example.com. ", "Never again!"]),
        ("خوب نبود؟ دیگه نمیام", ["خوب نبود؟ ", "دیگه نمیام"]),
        ("line one\nline two", ["line one\n", "line two"]),
        ("   \n ", []),
        ("done!Never", ["done!Never"]),
    ],
)
def test_sentences(text, wanted):
    assert [text[start:end] for start, end in sentences(text)] == wanted


@given(ANY_TEXT)
def test_sentences_cover_everything_but_blanks(text):
    spans = sentences(text)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    covered = {place for start, end in spans for place in range(start, end)}
    assert all(not text[place].strip() for place in set(range(len(text))) - covered)
