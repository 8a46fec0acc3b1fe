"""JSON in: one array of objects, objects one after the other (JSON lines), or an object with one such array in it.

An object with an array of objects in it may be a row or hold the rows. Alone it holds them, unless it has a text of its
own; several hold them if they have nothing else (pages of one answer after the other). What stays in doubt is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

from sentiment_kit.batch.columns import is_text_name
from sentiment_kit.batch.encodings import Text
from sentiment_kit.batch.source import Row, Source, chunked
from sentiment_kit.errors import FileFormatError

_READ = 1 << 16
_LONGEST_OBJECT = 1 << 28
_SPACE = re.compile(r"[\s\ufeff]*")


def open_json(text: Text, *, lines: bool) -> Source:
    """Open a JSON file whose encoding is known.

    Args:
        text: The file.
        lines: Whether its name says that each line is an object; an array is read all the same.

    Raises:
        FileFormatError: If something in it is no JSON object (the line is named), or which objects are the rows cannot
            be told.
    """
    with text.open() as stream:
        head = stream.read(_READ)
    start = head[_SPACE.match(head).end() :] if head else ""  # type: ignore[union-attr]
    notes = list(text.notes)
    read: Callable[[Text], Iterator[Row]]
    if not start:
        raise ValueError("the file is empty; wanted JSON objects")
    whole = _first_line_is_whole(start)
    if start[0] == "[":
        read = _array
    elif (key := _wrapping_key(text, whole=whole, lines=lines)) is not None:
        read = partial(_wrapped, key=key)
        notes.append(f"the rows of {text.shown} are those under {key!r}; other keys are not read")
    else:
        read = _lines if lines or whole else _stream
    # One pass for the keys, which may come up in any object; beside the scoring it costs next to nothing.
    columns: dict[str, None] = {}
    total = 0
    for row in read(text):
        columns.update(dict.fromkeys(row))
        total += 1
    if not total:
        raise ValueError("there is no JSON object in it")
    return Source(list(columns), chunked(read(text)), total, None, text.name, notes)


def _first_line_is_whole(start: str) -> bool:
    """Say whether the first line is an object: JSON lines, not one object over many lines."""
    try:
        return isinstance(json.loads(start.partition("\n")[0]), dict)
    except (ValueError, RecursionError):
        return False


def _wrapping_key(text: Text, *, whole: bool, lines: bool) -> str | None:
    """Return the key under which the rows are, None if the objects of the file are the rows; refuse to guess."""
    try:
        first = _first_object(text)
    except FileFormatError:
        if lines:
            return None  # reading tells the line
        raise
    one = len(first.arrays) == 1
    if one and (not first.others or (first.alone and not first.has_text and not (whole and lines))):
        return first.arrays[0]
    rows_by_line = whole and (lines or not first.alone)
    if not first.arrays or rows_by_line or (first.has_text and not first.alone):
        return None
    keys, arrays = (", ".join(map(repr, names)) for names in ([*first.others, *first.arrays], first.arrays))
    raise FileFormatError(
        "SK207",
        f"{text.shown}: the first object has the keys {keys}, with objects under {arrays}; which objects are the rows "
        'cannot be told. Put the rows alone into one array: [{"text": "..."}, ...]',
    )


@dataclass(frozen=True)
class _First:
    """What the first object of a file has.

    Attributes:
        arrays: Keys that hold arrays of objects.
        others: The other keys.
        has_text: Whether one of these is usual for a text and holds one.
        alone: Whether no object follows.
    """

    arrays: list[str]
    others: list[str]
    has_text: bool
    alone: bool


def _first_object(text: Text) -> _First:
    """Look at the first object without holding its arrays."""
    arrays: list[str] = []
    others: list[str] = []
    has_text = False
    with text.open() as stream:
        buffer = _Buffer(text, stream)
        for name in _members(buffer):
            if buffer.peek() == "[":
                kinds = {type(buffer.value()) for _ in _parts(buffer, "[]")}
                (arrays if kinds == {dict} else others).append(name)
            else:
                others.append(name)
                has_text |= isinstance(buffer.value(), str) and is_text_name(name)
        return _First(arrays, others, has_text, not buffer.peek())


def _lines(text: Text) -> Iterator[Row]:
    with text.open() as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _record(text, f"line {number}", line)


def _record(text: Text, where: str, written: str) -> Row:
    try:
        record = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise _no_object(text, where, str(error)) from error
    if not isinstance(record, dict):
        raise _no_object(text, where, f"found {written.strip()[:40]!r}")
    return record


def _no_object(text: Text, where: str, found: str) -> FileFormatError:
    return FileFormatError(
        "SK207",
        f'{text.shown}, {where}: wanted a JSON object such as {{"text": "..."}} ({found}). Mend or delete it',
    )


def _array(text: Text) -> Iterator[Row]:
    with text.open() as stream:
        buffer = _Buffer(text, stream)
        for _ in _parts(buffer, "[]"):
            yield buffer.object()
        if buffer.peek():
            raise buffer.wrong("there is more after the end of the array")


def _stream(text: Text) -> Iterator[Row]:
    with text.open() as stream:
        buffer = _Buffer(text, stream)
        while buffer.peek():
            yield buffer.object()


def _wrapped(text: Text, key: str) -> Iterator[Row]:
    """Yield the objects under a key of the one object, or of several with no other key, as pages are put together."""
    with text.open() as stream:
        buffer, page = _Buffer(text, stream), 0
        while buffer.peek():
            page += 1
            for name in _members(buffer):
                if name == key:
                    for _ in _parts(buffer, "[]"):
                        yield buffer.object()
                elif page == 1:
                    buffer.value()
                else:
                    raise buffer.wrong(f"found the key {name!r} where the objects before have only {key!r}")


class _Buffer:
    """The part of a text that is being parsed; more is read when an object does not end in it."""

    def __init__(self, text: Text, stream: TextIO) -> None:
        self._text, self._stream = text, stream
        self._decoder = json.JSONDecoder()
        self._held, self._at, self._number, self._size = "", 0, 0, _READ

    def peek(self) -> str:
        """Return the next character that is not white space, "" at the end."""
        while True:
            self._at = _SPACE.match(self._held, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def expect(self, sign: str, instead: str = "") -> None:
        """Go over one sign; `instead` says what else might have stood here."""
        if (found := self.peek()) != sign:
            raise self.wrong(
                f"found {found!r} where {instead}{sign!r} was wanted" if found else "the file ends here: it is cut off"
            )
        self._at += 1

    def value(self) -> Any:  # noqa: ANN401  any JSON value
        """Return the value that begins here and go over it."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if self._grown():
                    continue
                raise self.wrong(str(error)) from error
            length, ahead = end - self._at, len(self._held) - end
            if isinstance(value, int | float) and ahead < len("e+5") and self._grown():
                continue  # the number 1 may be the beginning of 1e+5
            self._at, self._size = self._at + length, _READ
            return value

    def key(self) -> str:
        """Return the key that begins here and go over it and its colon."""
        key = self.value()
        if not isinstance(key, str):
            raise self.wrong(f"found {json.dumps(key)[:40]!r} where a key was wanted")
        self.expect(":")
        return key

    def object(self) -> Row:
        """Return the object that begins here and go over it."""
        self._number += 1
        record = self.value()
        if not isinstance(record, dict):
            raise self.wrong(f"found {json.dumps(record)[:40]!r}")
        return record

    def wrong(self, found: str) -> FileFormatError:
        """Return the error for what stands here."""
        return _no_object(self._text, f"object {max(1, self._number)}", found)

    def _grown(self) -> bool:
        """Read more, if there is more and the value that begins here is not yet too long."""
        return len(self._held) - self._at < _LONGEST_OBJECT and self._more()

    def _more(self) -> bool:
        block = self._stream.read(self._size)
        # Twice as much each time, so that a long object is not parsed again for every few kilobytes of it.
        self._size *= 2
        self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)


def _members(buffer: _Buffer) -> Iterator[str]:
    """Yield the keys of the object that begins here; the caller goes over the value of each."""
    for _ in _parts(buffer, "{}"):
        yield buffer.key()


def _parts(buffer: _Buffer, ends: str) -> Iterator[None]:
    """Stop at each part of the array or object that begins here, for the caller to go over it."""
    buffer.expect(ends[0])
    if buffer.peek() != ends[1]:
        yield
        while buffer.peek() == ",":
            buffer.expect(",")
            yield
    buffer.expect(ends[1], "',' or ")
