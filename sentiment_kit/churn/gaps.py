"""Long gaps of a pattern, `{0,12}`, as spaCy's matcher takes them best.

spaCy reads `{0,12}` as twelve tokens that may each be there or not, and follows every choice: thousands of ways through
one sentence. Thirteen patterns, with a gap of a fixed length each, match the same.
"""

from __future__ import annotations

from itertools import product
from math import prod

from sentiment_kit.churn.index import MANY, Token, times

_LONG = 3
_MOST = 300


def with_fixed_gaps(tokens: list[Token]) -> list[list[Token]]:
    """Return patterns that together match what `tokens` matches.

    Args:
        tokens: A spaCy token pattern.
    """
    ranges = [times(token) for token in tokens]
    lengths = [most - least + 1 if most < MANY else 1 for least, most in ranges]
    fixed: set[int] = set()
    for place in sorted(range(len(tokens)), key=lengths.__getitem__, reverse=True):
        if lengths[place] > _LONG and prod(lengths[other] for other in {*fixed, place}) <= _MOST:
            fixed.add(place)
    choices = [
        [[_once(token)] * count for count in range(least, most + 1)] if place in fixed else [[token]]
        for place, (token, (least, most)) in enumerate(zip(tokens, ranges, strict=True))
    ]
    variants = [[token for part in parts for token in part] for parts in product(*choices)]
    return [variant for variant in variants if variant]


def _once(token: Token) -> Token:
    return {key: value for key, value in token.items() if key != "OP"}
