"""Ratings as exports write them: ``4``, ``4,5``, ``５``, ``4/5``, ``5 stars``, ``★★★☆☆``, ``FIVE``."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}  # Google Business Profile
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:stars?|★|点|балів|бали|ستاره)?$")
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:/|out of|з|از)\s*(5|10|100)$")
_SCALES = (5, 10, 100)
_LOW, _HIGH = 0.4, 0.8


def read_rating(value: Any) -> float | None:  # noqa: ANN401  any value of a table
    """Return a rating as a number of 0 to 100, or None where it is none. ``8/10`` is 4, as beside five stars."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _bounded(float(value))
    text = unicodedata.normalize("NFKC", str(value)).strip().lower()
    if text in _WORDS:
        return float(_WORDS[text])
    if text and set(text) <= set("★☆⭐"):
        return float(text.count("★") + text.count("⭐"))
    if match := _OUT_OF.match(text):
        return _bounded(_number(match[1]) * 5 / int(match[2]))
    match = _NUMBER.match(text)
    return _bounded(_number(match[1])) if match else None


def scale_of(ratings: Iterable[float]) -> int:
    """Return the top of the scale that ratings are on: 5, 10 or 100."""
    highest = max(ratings, default=0)
    return next(top for top in _SCALES if highest <= top)


def is_low(rating: float, scale: int) -> bool:
    """Return whether a rating says displeased: one or two of five, up to four of ten."""
    return rating <= _LOW * scale


def is_high(rating: float, scale: int) -> bool:
    """Return whether a rating says pleased: four or five of five, from eight of ten."""
    return rating >= _HIGH * scale


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))


def _bounded(number: float) -> float | None:
    return number if math.isfinite(number) and 0 <= number <= _SCALES[-1] else None
