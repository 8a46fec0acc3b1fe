"""Which patterns can match at all: decided from the words of a sentence, before spaCy's matcher sees it.

spaCy tries every pattern at every token, which with some hundred patterns full of regular expressions takes
milliseconds. Here each token description of a pattern gives conditions; which of them a word meets is worked out once
and remembered, and a pattern is a candidate only if words of the sentence meet all that it must have, in its order and
as close together as it wants them. Candidates are then matched by spaCy, so the result is the same, only sooner.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

from sentiment_kit.churn.spelling import spell_out

_REMEMBERED = 100_000
_WORDS = re.compile(r"\w+")
MANY = 1_000_000
_OPERATORS = {"1": (1, 1), "?": (0, 1), "!": (0, 1), "+": (1, MANY), "*": (0, MANY)}
_TEXT_ATTRIBUTES = ("TEXT", "LOWER", "ORTH")

Token = dict[str, Any]
Word = tuple[str, str]
"""The text and the lemma of a token."""

Condition = tuple[int, frozenset[str] | str]
"""What a token must be: 0 for its text or 1 for its lemma, then the values that will do or a regular expression."""


class Needs:
    """Tells which patterns have all their conditions met; conditions are bits of one number."""

    def __init__(self, needs: Mapping[str, Iterable[Condition]]) -> None:
        """Number the conditions.

        Args:
            needs: The conditions of each pattern, by its id; a pattern without any is always met.
        """
        wanted = {name: list(dict.fromkeys(listed)) for name, listed in needs.items()}
        self.bits = {each: 1 << number for number, each in enumerate(dict.fromkeys(chain(*wanted.values())))}
        self._always = [name for name, listed in wanted.items() if not listed]
        # A pattern is looked at only if its rarest condition is met. What is short, or what many patterns ask for, is
        # what customers often say.
        asked = Counter(value for listed in wanted.values() for each in listed for value in _values(each))
        often = {each: sum(asked[value] / 8 ** len(value) for value in _values(each)) for each in self.bits}
        self._by_rarest: dict[int, list[tuple[str, int]]] = {}
        for name, listed in wanted.items():
            if listed:
                rarest = self.bits[min(listed, key=often.__getitem__)]
                self._by_rarest.setdefault(rarest, []).append((name, sum(self.bits[each] for each in listed)))
        self._rarest = sum(self._by_rarest)

    def met_by(self, met: int) -> list[str]:
        """Return the ids of the patterns whose conditions are all among the bits of `met`."""
        found = list(self._always)
        left = met & self._rarest
        while left:
            bit = left & -left
            left ^= bit
            for name, wanted in self._by_rarest[bit]:
                if wanted & met == wanted:
                    found.append(name)
        return found


class PatternIndex:
    """Finds the patterns whose required tokens occur among some words, in their order and as close as they must."""

    def __init__(self, patterns: Mapping[str, list[Token]]) -> None:
        """Index patterns.

        Args:
            patterns: spaCy token patterns by their ids.
        """
        listed = {name: list(steps(tokens)) for name, tokens in patterns.items()}
        self._needs = Needs({name: [each for told, _ in several for each in told] for name, several in listed.items()})
        bits = self._needs.bits
        self._steps = {
            name: [(sum(bits[each] for each in set(told)), reach) for told, reach in several]
            for name, several in listed.items()
        }
        # Each by 0 for texts or 1 for lemmas: words, how words begin, and the expressions that cannot be spelled out.
        self._words: dict[tuple[int, str], int] = {}
        self._beginnings: dict[tuple[int, str], int] = {}
        self._expressions: list[tuple[int, re.Pattern[str], int]] = []
        for (side, wanted), bit in bits.items():
            spelled = spell_out(wanted) if isinstance(wanted, str) else (wanted, ())
            if spelled is None:
                self._expressions.append((side, re.compile(str(wanted)), bit))
                continue
            for table, values in zip((self._words, self._beginnings), spelled, strict=True):
                for value in values:
                    table[side, value] = table.get((side, value), 0) | bit
        self._longest = max((len(value) for _, value in self._beginnings), default=0)
        self._met: dict[Word, int] = {}
        self._stretches, self._untold = self._between_spaces()
        self._met_within: dict[str, int] = {}

    def candidates(self, words: Iterable[Word]) -> list[str]:
        """Return the ids of the patterns that may match a sentence with these words."""
        met = []
        for word in words:
            known = self._met.get(word)
            met.append(self._remember(word) if known is None else known)
        return [name for name in self._needs.met_by(reduce(or_, met, 0)) if self._in_order(name, met, 1)]

    def may_match(self, sentence: str) -> bool:
        """Say whether any pattern may match a sentence that is not split into words yet, in a language with spaces.

        A word is a stretch of what stands between white space; so where no stretch is what a pattern needs, no word is.
        """
        met = []
        for chunk in sentence.split():
            known = self._met_within.get(chunk)
            met.append(self._remember_within(chunk) if known is None else known)
        return any(self._in_order(name, met, 0) for name in self._needs.met_by(reduce(or_, met, self._untold)))

    def _in_order(self, name: str, met: list[int], nearest: int) -> bool:
        """Say whether each step of a pattern stands within its reach of the one before, and `nearest` places away."""
        if not self._steps[name]:
            return True
        (first, _), *others = self._steps[name]
        places = [place for place, bits in enumerate(met) if bits & first == first]
        for need, reach in others:
            following: list[int] = []
            seen = 0
            for place in places:
                for near in range(max(place + nearest, seen), min(place + reach + 1, len(met))):
                    seen = near + 1
                    if met[near] & need == need:
                        following.append(near)
            places = following
        return bool(places)

    def _remember_within(self, chunk: str) -> int:
        if len(self._met_within) >= _REMEMBERED:
            self._met_within.clear()
        met = self._untold
        for start in range(len(chunk)):
            for end in range(start + 1, len(chunk) + 1):
                here = self._stretches.get(chunk[start:end])
                if here is None:
                    break
                met |= here
        self._met_within[chunk] = met
        return met

    def _between_spaces(self) -> tuple[dict[str, int], int]:
        """Return what a stretch of characters meets, with all that a longer one begins with, and what none can tell."""
        stretches: dict[str, int] = {}
        told = 0
        for (side, value), bits in chain(self._words.items(), self._beginnings.items()):
            if side == 0:
                told |= bits
                stretches[value] = stretches.get(value, 0) | bits
                for end in range(1, len(value)):
                    stretches.setdefault(value[:end], 0)
        return stretches, sum(self._needs.bits.values()) & ~told

    def _remember(self, word: Word) -> int:
        if len(self._met) >= _REMEMBERED:
            self._met.clear()
        met = 0
        for side, value in enumerate(word):
            met |= self._words.get((side, value), 0)
            for end in range(1, min(len(value), self._longest) + 1):
                met |= self._beginnings.get((side, value[:end]), 0)
        for side, expression, bit in self._expressions:
            if expression.search(word[side]):
                met |= bit
        self._met[word] = met
        return met


def steps(tokens: Iterable[Token]) -> Iterator[tuple[list[Condition], int]]:
    """Yield the tokens of which something can be told, and how many places behind the one before each may stand."""
    reach = 1
    for token in tokens:
        told, most = list(_conditions(token)), times(token)[1]
        if told:
            yield told, reach
        reach = most + (0 if told else reach)


def _conditions(token: Token) -> Iterator[Condition]:
    """Yield what a word alone can tell of a token that a pattern must have."""
    if not times(token)[0]:
        return
    for attribute in (*_TEXT_ATTRIBUTES, "LEMMA"):
        wanted, side = token.get(attribute), int(attribute == "LEMMA")
        if isinstance(wanted, dict) and isinstance(wanted.get("REGEX"), str):
            yield side, wanted["REGEX"]
        values = wanted.get("IN") if isinstance(wanted, dict) else [wanted]
        # White space is a token here and none there.
        if isinstance(values, list) and all(isinstance(value, str) and not value.isspace() for value in values):
            yield side, frozenset(values)


def words_of(token: Token) -> list[str]:
    """Return the words of which a token must be one, as far as it lists them."""
    wanted = [value for attribute, value in token.items() if attribute.upper() in _TEXT_ATTRIBUTES]
    listed = [value.get("IN", []) if isinstance(value, dict) else [value] for value in wanted]
    return [word for words in listed for word in words]


def times(token: Token) -> tuple[int, int]:
    """Return how often a token must and may stand in a row."""
    operator = str(token.get("OP", "1"))
    least, comma, most = operator.strip("{}").partition(",")
    if operator.startswith("{") and (least + most).isdecimal():
        return int(least or 0), int(most or MANY) if comma else int(least)
    return _OPERATORS.get(operator, (0, MANY))


def _values(condition: Condition) -> Iterable[str]:
    wanted = condition[1]
    return _WORDS.findall(wanted) if isinstance(wanted, str) else wanted
