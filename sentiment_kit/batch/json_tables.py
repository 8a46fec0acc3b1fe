"""JSON in: one array of objects, objects one after the other (JSON lines), or an object with one such array in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TextIO

from sentiment_kit.batch.encodings import Text
from sentiment_kit.batch.source import Row, Source, chunked
from sentiment_kit.errors import FileFormatError

_READ = 1 << 16
_LONGEST_OBJECT = 1 << 28
_SPACE = re.compile(r"[\s\ufeff]*")
_WRAPPED = re.compile(r'\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*\[\s*(?=\{)')


def open_json(text: Text, *, lines: bool) -> Source:
    """Open a JSON file whose encoding is known.

    Args:
        text: The file.
        lines: Whether its name says that each line is an object; an array is read all the same.

    Raises:
        FileFormatError: If something in it is no JSON object; the line is named.
    """
    with text.open() as stream:
        head = stream.read(_READ)
    start = head[_SPACE.match(head).end() :] if head else ""  # type: ignore[union-attr]
    notes = list(text.notes)
    read: Callable[[Text], Iterator[Row]]
    if not start:
        raise ValueError("the file is empty; wanted JSON objects")
    if start[0] == "[":
        read = _array
    elif (wrapped := _WRAPPED.match(start)) and not _first_line_is_whole(start):
        read = _array
        notes.append(f"the rows of {text.shown} are those under {wrapped[1]!r}; other keys are not read")
    else:
        read = _lines if lines or _first_line_is_whole(start) else _stream
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
    """Say whether the first line is an object and another line follows: JSON lines, not one object over many."""
    line, _, rest = start.partition("\n")
    try:
        return isinstance(json.loads(line), dict) and (rest.lstrip()[:1] == "{" or not _WRAPPED.match(start))
    except ValueError:
        return False


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
        yield from _objects(_Buffer(text, stream), array=True)


def _stream(text: Text) -> Iterator[Row]:
    with text.open() as stream:
        yield from _objects(_Buffer(text, stream), array=False)


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

    def skip(self) -> None:
        """Go over one character."""
        self._at += 1

    def skip_opening(self) -> None:
        """Go over ``[`` or ``{"key": [``."""
        wrapped = _WRAPPED.match(self._held, self._at)
        self._at = wrapped.end() if wrapped else self._at + 1

    def object(self) -> Row:
        """Return the object that begins here and go over it."""
        self._number += 1
        while True:
            try:
                record, end = self._decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._held) - self._at < _LONGEST_OBJECT and self._more():
                    continue
                raise self.wrong(str(error)) from error
            if not isinstance(record, dict):
                raise self.wrong(f"found {self._held[self._at : end][:40]!r}")
            self._at, self._size = end, _READ
            return record

    def wrong(self, found: str) -> FileFormatError:
        """Return the error for what stands here."""
        return _no_object(self._text, f"object {max(1, self._number)}", found)

    def _more(self) -> bool:
        block = self._stream.read(self._size)
        # Twice as much each time, so that a long object is not parsed again for every few kilobytes of it.
        self._size *= 2
        self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)


def _objects(buffer: _Buffer, *, array: bool) -> Iterator[Row]:
    wrapped = buffer.peek() == "{"
    if array:
        buffer.skip_opening()
    first = True
    while (sign := buffer.peek()) != ("]" if array else ""):
        if not sign:
            raise buffer.wrong("the file ends inside the array: it is cut off")
        if array and not first:
            if sign != ",":
                raise buffer.wrong(f"found {sign!r} where a comma was wanted")
            buffer.skip()
            buffer.peek()
        first = False
        yield buffer.object()
    if array and not wrapped:
        buffer.skip()
        if buffer.peek():
            raise buffer.wrong("there is more after the end of the array")
