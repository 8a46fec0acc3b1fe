"""How much a text looks like Japanese, Ukrainian, Persian or a Western language, letter by letter.

Bytes read in a wrong encoding give letters too, but not in the order of any language. `cost` measures that: the
negative log-likelihood of the characters outside ASCII. Of two readings of the same bytes the cheaper one is the
likelier. The tables (``letters.json``) come from ``scripts/build_encoding_tables.py``.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("letters.json")

_PUNCTUATION = frozenset("\u00a0©«®°´·»×\u200c\u200d–—‘’“”„•…€№™،؛؟")
# Written in French, German, Spanish, Portuguese, Italian and the Nordic languages, about as often as not in this order.
_WESTERN = frozenset("éèàáâãäåæçêëíîïñóôõöøúûüßœÉÈÀÁÂÃÄÅÆÇÊËÍÎÏÑÓÔÕÖØÚÛÜŒ¡¿£½²ªº§")
# Persian in Windows-1256 and on Arabic keyboards has the Arabic letters.
_ARABIC_KEYBOARD = str.maketrans("\u064a\u0649\u0643", "\u06cc\u06cc\u06a9")

_PUNCTUATION_COST, _WESTERN_COST, _UNUSUAL_LETTER, _RARE_HAN, _HAN, _HALF_WIDTH = 4.0, 3.0, 6.0, 11.0, 8.5, 6.0
_ODD_CASE, _TWO_IN_A_ROW, _MIXED_WORD, _STRANGER = 5.0, 6.0, 4.0, 10.0


def cost(text: str, language: str) -> float:
    """Return the negative log-likelihood of a text's non-ASCII characters, were it in a language.

    Args:
        text: A reading of some bytes.
        language: ``"ja"``, ``"uk"``, ``"fa"`` or ``"western"``. Russian passes as Ukrainian, Arabic as Persian.
    """
    if language == "western":
        return _western_cost(text)
    if language == "ja":
        return sum(_han_or_kana_cost(character) for character in text if not character.isascii())
    return _alphabet_cost(text, language)


def letters_of(text: str, language: str) -> str:
    """Return a text as the tables see it: lower case, each character outside the language's letters a space.

    A letter of the Latin alphabet becomes ``a``. Japanese is left as it is, without ASCII.
    """
    if language == "ja":
        return "".join(character for character in text if not character.isascii())
    return "".join(_folded(character, language) for character in text.translate(_ARABIC_KEYBOARD).lower())


def _folded(character: str, language: str) -> str:
    if character.isascii():
        return "a" if character.isalpha() else " "
    first, last = ("\u0400", "\u052f") if language == "uk" else ("\u0600", "\u06ff")
    return character if first <= character <= last and character.isalpha() else " "


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, float]]:
    written: dict[str, dict[str, str]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return {
        language: {group: int(level) / 10 for level, joined in table.items() for group in joined.split("|")}
        for language, table in written.items()
    }


def _alphabet_cost(text: str, language: str) -> float:
    table = _tables()[language]
    total = 0.0
    letters = letters_of(text, language)
    if len(letters) != len(text):  # lower() of a few characters is longer; none of them is in these languages
        letters = "".join(_folded(character.lower()[:1], language) for character in text.translate(_ARABIC_KEYBOARD))
    before, upper_before = " ", True
    for character, letter in zip(text, letters, strict=True):
        if character.isascii():
            total += _MIXED_WORD if letter == "a" and before not in " a" else 0.0
        elif letter == " ":
            total += _PUNCTUATION_COST if character in _PUNCTUATION else _STRANGER
        else:
            total += table.get(before + letter, _UNUSUAL_LETTER)
            if character.isupper() and before not in " a":
                total += 1.0 if upper_before else _ODD_CASE
            if before == "a":
                total += _MIXED_WORD
        before, upper_before = letter, character.isupper()
    return total


def _western_cost(text: str) -> float:
    total = 0.0
    alone = True
    for character in text:
        if character.isascii():
            alone = True
            continue
        if character in _PUNCTUATION:
            total += _PUNCTUATION_COST
        else:
            total += _WESTERN_COST if character in _WESTERN else _STRANGER
            total += 0.0 if alone else _TWO_IN_A_ROW
            alone = False
    return total


@lru_cache(maxsize=8192)
def _han_or_kana_cost(character: str) -> float:
    known = _tables()["ja"].get(character)
    if known is not None:
        return known
    if "\uff61" <= character <= "\uff9f":
        return _HALF_WIDTH
    try:
        packed = character.encode("euc_jp")
    except UnicodeEncodeError:
        return _STRANGER + math.log(10)
    if len(packed) == 2 and 0xB0 <= packed[0] <= 0xCF:  # noqa: PLR2004  the usual half of the kanji of JIS X 0208
        return _HAN
    return _RARE_HAN
