"""Texts cut to what a page shows, with the churn phrases marked."""

from __future__ import annotations

from dataclasses import dataclass

from sentiment_kit.report.rows import Phrase

AROUND, WHOLE = 220, 700
"""Characters kept on each side of a phrase, and the length up to which a text is shown whole."""

_WINDOWS, _WORD = 3, 30
_CUT = " … "


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text; `kind` is the churn kind of a phrase, else empty."""

    text: str
    kind: str = ""


def excerpt(text: str, phrases: tuple[Phrase, ...] = ()) -> list[Part]:
    """Return a text as parts: whole where it is short, else its beginning or what stands around its phrases."""
    places = [phrase for phrase in phrases if phrase.end > phrase.start]
    parts: list[Part] = []
    windows = _windows(text, places)
    for first, last in windows:
        if first:
            parts.append(Part(_CUT))
        place = first
        for phrase in places:
            if first <= phrase.start < last:
                parts += [Part(text[place : phrase.start]), Part(text[phrase.start : phrase.end], phrase.kind)]
                place = phrase.end
        parts.append(Part(text[place:last]))
    if windows[-1][1] < len(text):
        parts.append(Part(f"{_CUT}({len(text):,} characters)"))
    return [part for part in parts if part.text]


def _word_start(text: str, place: int) -> int:
    """Return the place, or that of the next word where one begins soon: Japanese has no spaces to look for."""
    if place <= 0:
        return 0
    space = text.find(" ", place, place + _WORD)
    return place if space < 0 else space + 1


def _windows(text: str, places: list[Phrase]) -> list[tuple[int, int]]:
    length = len(text)
    if length <= WHOLE or not places:
        return [(0, min(length, WHOLE))]
    wanted = [(_word_start(text, phrase.start - AROUND), min(length, phrase.end + AROUND)) for phrase in places]
    merged = [wanted[0]]
    for first, last in wanted[1:]:
        if first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged[:_WINDOWS]
