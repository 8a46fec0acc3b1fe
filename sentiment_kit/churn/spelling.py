"""Regular expressions spelled out: `^куп(?:лю|им)$|^замов` is the words куплю and купим, and all that begin with замов.

Python tries the branches of an expression one after another. What a word meets of some thousand expressions is found
far sooner by looking up its beginnings in a table of what they spell.
"""

from __future__ import annotations

import re

_MOST = 2_000
_ANY = "\0"
"""Stands for whatever may follow; so does all that is not understood here."""

_PIECE = re.compile(r"\(\?:|\(.?.?|\[\^?.[^\]]*\]|\\.|\{[^}]*\}|.", re.DOTALL)
_SPECIAL = frozenset("^$[\\" + _ANY)
_PUNCTUATION = re.compile(r"\\[.,!?\-]")


class _NotSpelled(Exception):
    """The expression has something at which even its branches cannot be told apart."""


def spell_out(expression: str) -> tuple[set[str], set[str]] | None:
    """Return the words that an expression can match, and the beginnings of words; it may match less, never more.

    Args:
        expression: As in a pattern's ``REGEX``.

    Returns:
        None where that tells nothing: the expression may match in the middle of a word, or begin with anything.
    """
    try:
        spelled = _Reader(expression).read()
    except _NotSpelled:
        return None
    whole = {each[1:-1] for each in spelled if each.endswith("$")}
    beginnings = {each[1:].rstrip(_ANY) for each in spelled if not each.endswith("$")}
    if "" in beginnings or any(each.rfind("^") != 0 for each in spelled):
        return None
    return whole, beginnings


class _Reader:
    """Reads an expression from left to right into all that it spells, `^` and `$` where its anchors are."""

    def __init__(self, expression: str) -> None:
        self._pieces = _PIECE.findall(expression)[::-1]

    def read(self) -> set[str]:
        spelled = self._alternatives()
        if self._pieces:
            raise _NotSpelled
        return spelled

    def _peek(self) -> str:
        return self._pieces[-1] if self._pieces else ""

    def _alternatives(self) -> set[str]:
        spelled = self._sequence()
        while self._peek() == "|":
            self._pieces.pop()
            spelled |= self._sequence()
        return spelled

    def _sequence(self) -> set[str]:
        spelled = {""}
        while self._peek() not in {"", "|", ")"}:
            item = self._item()
            if len(spelled) * len(item) > _MOST:
                item = {_ANY}
            spelled = {left if left.endswith(("$", _ANY)) else left + right for left in spelled for right in item}
        return spelled

    def _item(self) -> set[str]:
        item = self._bare_item()
        if self._peek() == "?":
            self._pieces.pop()
            item = item | {""}
        while self._peek()[:1] in {"*", "+", "?", "{"} and self._peek():
            self._pieces.pop()
            item = {_ANY}
        return item

    def _bare_item(self) -> set[str]:
        piece = self._pieces.pop()
        if piece == "(?:":
            item = self._alternatives()
            if not self._pieces or self._pieces.pop() != ")":
                raise _NotSpelled
            return item
        if piece[0] in "(*+?{" or piece == _ANY:
            raise _NotSpelled
        if piece[0] == "[" and len(piece) > 1:
            return _set(piece)
        if piece[0] == "\\":
            return {piece[1]} if _PUNCTUATION.fullmatch(piece) else {_ANY}
        return {_ANY} if piece == "." else {piece}


def _set(piece: str) -> set[str]:
    """Return the characters of a set such as [аоу1-3-]."""
    body = piece[1:-1]
    if not _SPECIAL.isdisjoint(body):
        return {_ANY}
    characters: set[str] = set()
    for first, last in re.findall(r"(.)-(.)|.", body, re.DOTALL):
        characters.update(map(chr, range(ord(first), ord(last) + 1)) if first else ())
    return characters | set(re.sub(r".-.", "", body, flags=re.DOTALL))
