"""Normalised views of a text, each with a way back to the raw text.

Two views exist. `for_model` is what the tokenizer reads: compatibility forms folded, Persian and Ukrainian letters
unified, case folded, links and handles masked. `for_matching` is what the churn patterns read: the same folds, and
beyond them half-spaces, Persian prefixes and suffixes, quotes and stretched letters brought to one spelling.

A view is made by passes; a pass remembers only the stretches it changed, so a text that needs nothing costs nothing,
and any span of the view can be taken back to the raw text with `Normalised.to_raw`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

NORMALISATION_VERSION = 1
"""Raised whenever a view changes; a model's manifest holds the version that it was trained with."""

URL_MASK = "<url>"
USER_MASK = "<user>"


@dataclass(frozen=True, slots=True)
class _Pass:
    """Changed stretches of one pass: ``[source_starts[i], source_ends[i])`` became ``[starts[i], ends[i])``."""

    starts: list[int]
    ends: list[int]
    source_starts: list[int]
    source_ends: list[int]

    def start_in_source(self, position: int) -> int:
        """Map the first position of a span to the text before the pass."""
        i = bisect_right(self.starts, position) - 1
        if i < 0:
            return position
        if position < self.ends[i]:
            return self.source_starts[i]
        return position - self.ends[i] + self.source_ends[i]

    def end_in_source(self, position: int) -> int:
        """Map the position after a span's last character to the text before the pass."""
        i = bisect_right(self.starts, position - 1) - 1
        if i < 0:
            return position
        return self.source_ends[i] + max(0, position - self.ends[i])


@dataclass(frozen=True, slots=True)
class Normalised:
    """A view of a text.

    Attributes:
        text: The normalised text.
        raw: The text as the caller gave it.
    """

    text: str
    raw: str
    _passes: tuple[_Pass, ...] = ()

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of `text` to a span of `raw`.

        A stretch that a pass rewrote is taken whole: half a ligature maps to the ligature.

        Args:
            start: Offset of the first character in `text`.
            end: Offset after the last character; must be greater than `start`.

        Returns:
            Offsets of the first character and after the last one in `raw`.

        Raises:
            ValueError: If the span is empty or reaches outside `text`.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"span {start}:{end} is empty or outside a text of {len(self.text)} characters")
        for step in reversed(self._passes):
            start, end = step.start_in_source(start), step.end_in_source(end)
        return start, end


def for_model(text: str) -> Normalised:
    """Return the view that the model's tokenizer reads. Never raises for a ``str``."""
    return _run(text, _MODEL_PASSES)


def for_matching(text: str) -> Normalised:
    """Return the view that the churn patterns read. Never raises for a ``str``."""
    return _run(text, _MATCHING_PASSES)


# Begins with a set of characters and looks around after it, which lets `re` leap from one of them to the next.
_SENTENCE_END = re.compile(
    r"[。！？｡.!?؟۔…\n](?:(?<=[。！？｡])[。！？｡]*|(?<=[.!?؟۔…])(?<![.!?؟۔…].)[.!?؟۔…]*+(?=[\s\"'»”）)]|$)|(?<=\n))"
    r"[」』）)\"'»”]*\s*"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the offsets of the sentences of a text, in order, blank ones left out.

    A sentence ends at 。！？｡ or a line break, and at . ! ? ؟ ۔ … before white space, a closing quote or the end; so
    ``3.5`` and ``example.com`` stay whole.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(text)))
    return [span for span in spans if text[span[0] : span[1]].strip()]


_Step = Callable[[str], "tuple[str, _Pass | None]"]


def _run(raw: str, steps: tuple[_Step, ...]) -> Normalised:
    text = raw
    passes = []
    for step in steps:
        text, change = step(text)
        if change is not None:
            passes.append(change)
    return Normalised(text, raw, tuple(passes))


def _substitution(pattern: str, replace: Callable[[re.Match[str]], str], flags: int = 0) -> _Step:
    """Make a pass out of a regular expression and a function that gives the replacement of a match."""
    find = re.compile(pattern, flags).finditer

    def step(text: str) -> tuple[str, _Pass | None]:
        pieces: list[str] = []
        change = _Pass([], [], [], [])
        done = length = 0
        for match in find(text):
            old, new = match[0], replace(match)
            if new == old:
                continue
            start, end = match.span()
            pieces.append(text[done:start])
            length += start - done
            change.starts.append(length)
            change.source_starts.append(start)
            pieces.append(new)
            length += len(new)
            change.ends.append(length)
            change.source_ends.append(end)
            done = end
        if not change.starts:
            return text, None
        pieces.append(text[done:])
        return "".join(pieces), change

    return step


def _one_to_one(table: dict[int, str]) -> _Step:
    """Make a pass that exchanges single characters, which leaves every offset where it was."""
    wanted = re.compile("[" + re.escape("".join(map(chr, table))) + "]")

    def step(text: str) -> tuple[str, _Pass | None]:
        return (text.translate(table) if wanted.search(text) else text), None

    return step


def _lower(text: str) -> tuple[str, _Pass | None]:
    # İ (U+0130), the one character that str.lower() lengthens, was exchanged before and after NFKC, which composes it.
    return text.lower(), None


# ---- characters -------------------------------------------------------------------------------------------------

# Six apostrophes are in use in Ukrainian. Exchanged before NFKC, which would turn ´ into a space and an accent.
_APOSTROPHES = dict.fromkeys(map(ord, "‘’ʼ`´′‛ʹ"), "'")
_BEFORE_NFKC = _one_to_one({**_APOSTROPHES, ord("İ"): "I"})

# NFKC knows nothing of Persian: the Arabic keyboard's yeh and kaf, and both sets of digits, are folded here.
_PERSIAN_LETTERS = {
    **dict.fromkeys([0x064A, 0x0649], "\u06cc"),  # yeh
    **dict.fromkeys([0x0643, 0x06AA], "\u06a9"),  # kaf
    **dict.fromkeys([0x0629, 0x06C0], "\u0647"),  # teh marbuta, heh with yeh above: heh
    **dict.fromkeys([0x0623, 0x0625, 0x0671], "\u0627"),  # alef with hamza or wasla
    0x0624: "\u0648",  # waw with hamza
}
_DIGITS = {zero + value: str(value) for zero in (0x0660, 0x06F0) for value in range(10)}
_AFTER_NFKC = _one_to_one({**_PERSIAN_LETTERS, **_DIGITS, ord("İ"): "I", 0x066A: "%", 0x066B: ".", 0x066C: ","})

_MARKS = "\u0300-\u036f\u0483-\u0487\u3099\u309a\uff9e\uff9f\ufe0f\u20e3"
_COMPATIBILITY = (
    "\u00a0-\u00ff\u0132-\u017f\u01c4-\u01f3\u02b0-\u02dd\u2000-\u200a\u2010-\u2027\u202f-\u2064\u2070-\u209c"
    "\u20a8\u2100-\u218b\u2460-\u24ff\u3000\u3131-\u318e\u3200-\u33ff\uf900-\ufdff\ufe10-\ufe19\ufe30-\ufefc"
    "\uff01-\uffee\U0001d400-\U0001d7ff\U0001f100-\U0001f16f"
)
_KEEPS_EMOJI_WHOLE = re.compile("[\ufe0f\u20e3]")


@lru_cache(maxsize=8192)
def _nfkc(cluster: str) -> str:
    # ℹ️ and 1️⃣ are emoji because of their last mark; NFKC would leave a letter and an orphan.
    return cluster if _KEEPS_EMOJI_WHOLE.search(cluster) else unicodedata.normalize("NFKC", cluster)


_fold_compatibility = _substitution(
    f"(?:[{_COMPATIBILITY}]|[^\\W\\d_](?=[{_MARKS}]))[{_MARKS}]*", lambda match: _nfkc(match[0])
)


def _compatibility(text: str) -> tuple[str, _Pass | None]:
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text, None
    return _fold_compatibility(text)


# Characters that carry no meaning here: Arabic vowel signs and tatweel, soft hyphen, direction marks, zero-width space,
# byte-order mark, control characters. The half-space (U+200C) and the emoji joiner (U+200D) stay.
_INVISIBLE = (
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u00ad\u034f\u061c\u115f\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_BROKEN = "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]"
# Written twice rather than with a plus: `re` finds a set of characters far sooner than a repetition.
_drop_invisible = _substitution(f"{_INVISIBLE}{_INVISIBLE}*", lambda match: "")
_replace_broken = _substitution(f"{_BROKEN}{_BROKEN}*", lambda match: " ")
# A single space is what it should be; a match for each would take longer than all other passes.
_collapse_space = _substitution(r"[^\S ]\s*| \s+", lambda match: " ")
# The patterns are matched sentence by sentence, and a line break ends one.
_collapse_space_in_lines = _substitution(r"[^\S\n ]\s*|[\n ]\s+", lambda match: "\n" if "\n" in match[0] else " ")

# Typed on a Latin keyboard layout: "iнтернет". The two letters look the same.
_latin_i = _substitution("i(?:(?<=[а-яіїєґ]i)|(?=[а-яіїєґ])|(?<=[а-яіїєґ]'i)|(?='[а-яіїєґ]))", lambda match: "і")


# ---- words ------------------------------------------------------------------------------------------------------

_mask_links = _substitution(
    # The look-behind and the bound keep a megabyte of letters from being tried at every letter.
    r"(?:https?://|www\.)[^\s<>\"'。、）」』]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{0,64}\w",
    lambda match: URL_MASK,
    re.IGNORECASE,
)
_mask_handles = _substitution(r"(?<![\w@])@\w+", lambda match: USER_MASK)

# "sooo", 「すごーーーい」, «ну-у-у» stays; a run of three or more of one character becomes two, which keeps the stress.
_shorten_runs = _substitution(r"([^\d\s])\1{2,}", lambda match: match[1] * 2)
_shorten_stretched = _substitution(r"([^\W\d_]|ー|[!?.,~…])\1{2,}", lambda match: match[1])


def _single_letters(text: str) -> tuple[str, _Pass | None]:
    # Few texts have a character three times in a row, and asking for each is quicker than the expression.
    return _shorten_stretched(text) if any(letter * 3 in text for letter in set(text)) else (text, None)


_same_quotes = _one_to_one(
    {
        **dict.fromkeys(map(ord, "“”„«»‟"), '"'),
        **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
        ord("؟"): "?",
        ord("،"): ",",
        ord("؛"): ";",
    }
)

# Persian, written with a half-space, a space or nothing at all («نمی‌خرم», «نمی خرم», «نمیخرم»), becomes the last.
_drop_half_space = _substitution("\u200c\u200c*", lambda match: "")
_join_prefix = _substitution(
    "((?:ن(?<![\u0620-\u06ff].)م|م(?<![\u0620-\u06ff].))ی) (?=[\u0620-\u06ff]{2})", lambda match: match[1]
)
_join_suffix = _substitution(
    " (?<=[\u0620-\u06ff]{2} )(?=(?:ها|های|هایی|هام|هاش|هاتون|هامون|هاشون|ام|اید|ایم|اند|تر|ترین)(?![\u0620-\u06ff]))",
    lambda match: "",
)

_SHARED: tuple[_Step, ...] = (_replace_broken, _BEFORE_NFKC, _compatibility, _AFTER_NFKC, _drop_invisible)
_MODEL_PASSES: tuple[_Step, ...] = (
    *_SHARED,
    _mask_links,
    _mask_handles,
    _lower,
    _latin_i,
    _shorten_runs,
    _collapse_space,
)
_MATCHING_PASSES: tuple[_Step, ...] = (
    *_SHARED,
    _lower,
    _latin_i,
    _same_quotes,
    _drop_half_space,
    _collapse_space_in_lines,
    _join_prefix,
    _join_suffix,
    _single_letters,
)
