"""Which patterns can match at all: decided from the words of a sentence, before spaCy's matcher sees it.

spaCy tries every pattern at every token, which with some hundred patterns full of regular expressions takes
milliseconds. Here each token description of a pattern is a requirement; what a word meets is worked out once and
remembered, and a pattern is a candidate only if every token that it must have is met by some word of the sentence.
Candidates are then matched by spaCy, so the result is the same, only sooner.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

_REMEMBERED = 100_000
_TEXT_ATTRIBUTES = ("TEXT", "LOWER", "ORTH")

Token = dict[str, Any]
Word = tuple[str, str]
"""The text and the lemma of a token."""


class PatternIndex:
    """Finds the patterns whose required tokens all occur among some words."""

    def __init__(self, patterns: dict[str, list[Token]]) -> None:
        """Index patterns.

        Args:
            patterns: spaCy token patterns by their ids.
        """
        self._numbers: dict[str, int] = {}
        self._plain: dict[tuple[int, str], list[int]] = {}  # (0 for text or 1 for lemma, value) -> requirements
        self._expressions: list[tuple[re.Pattern[str], int, int]] = []  # expression, 0 or 1, requirement
        needs = {name: self._needs(tokens) for name, tokens in patterns.items()}
        spread = Counter(number for numbers in needs.values() for number in numbers)
        self._always = [name for name, numbers in needs.items() if not numbers]
        self._by_rarest: dict[int, list[tuple[str, frozenset[int]]]] = {}
        for name, numbers in needs.items():
            if numbers:
                rarest = min(numbers, key=lambda number: (spread[number], number))
                self._by_rarest.setdefault(rarest, []).append((name, numbers))
        # Most words meet no expression; one search of all of them together says so.
        self._any = [_either([e for e, side, _ in self._expressions if side == wanted]) for wanted in (0, 1)]
        self._met: dict[Word, frozenset[int]] = {}

    def candidates(self, words: Iterable[Word]) -> list[str]:
        """Return the ids of the patterns that may match a sentence with these words."""
        met: set[int] = set()
        for word in words:
            known = self._met.get(word)
            met |= self._remember(word) if known is None else known
        found = list(self._always)
        for number in met:
            found += [name for name, numbers in self._by_rarest.get(number, ()) if numbers <= met]
        return found

    def _remember(self, word: Word) -> frozenset[int]:
        if len(self._met) >= _REMEMBERED:
            self._met.clear()
        numbers = [number for side, value in enumerate(word) for number in self._plain.get((side, value), ())]
        for side, value in enumerate(word):
            if self._any[side].search(value):
                numbers += [n for expression, s, n in self._expressions if s == side and expression.search(value)]
        result = self._met[word] = frozenset(numbers)
        return result

    def _needs(self, tokens: list[Token]) -> frozenset[int]:
        """Return the requirements of a pattern's obligatory tokens; a token that tells nothing is left out."""
        numbers = (self._requirement(token) for token in tokens if not _optional(token))
        return frozenset(number for number in numbers if number is not None)

    def _requirement(self, token: Token) -> int | None:
        """Return the number of the first condition of a token that a word alone can answer, or None."""
        for attribute in (*_TEXT_ATTRIBUTES, "LEMMA"):
            wanted = token.get(attribute)
            side = int(attribute == "LEMMA")
            key = json.dumps([side, wanted], sort_keys=True)
            values = [wanted] if isinstance(wanted, str) else wanted.get("IN") if isinstance(wanted, dict) else None
            expression = wanted.get("REGEX") if isinstance(wanted, dict) else None
            if values is None and not isinstance(expression, str):
                continue
            if key not in self._numbers:
                number = self._numbers[key] = len(self._numbers)
                for value in values or ():
                    self._plain.setdefault((side, value), []).append(number)
                if values is None:
                    self._expressions.append((re.compile(str(expression)), side, number))
            return self._numbers[key]
        return None


def _either(expressions: list[re.Pattern[str]]) -> re.Pattern[str]:
    """Return one expression for all; one that always matches where they cannot be put together (flags, groups)."""
    try:
        return re.compile("|".join(f"(?:{expression.pattern})" for expression in expressions) or "(?!)")
    except re.error:
        return re.compile("")


def _optional(token: Token) -> bool:
    operator = str(token.get("OP", "1"))
    return operator in {"?", "*", "!"} or operator.startswith(("{0", "{,"))
