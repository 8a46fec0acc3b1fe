"""The encoding of a text file: asked for, marked, or told from how the letters read.

The whole file is read once, so that the answer holds for all of it: a mark at the beginning decides; else text that is
UTF-8 to the end is UTF-8; else the encodings that decode every byte compete on lines from the whole file. The one that
reads most like one of the four languages wins if it wins clearly; otherwise the file is refused with the candidates.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sentiment_kit.batch.compression import open_unpacked
from sentiment_kit.batch.letters import cost
from sentiment_kit.errors import FileFormatError


@dataclass(frozen=True)
class Text:
    """A text file and how it is to be decoded.

    Attributes:
        file: Where it is.
        shown: Its name for messages.
        encoding: Name of a Python codec; ``utf-8-sig`` drops a byte-order mark.
        errors: ``"strict"``, or ``"replace"`` for UTF-8 with a few damaged bytes.
        notes: What the user should know.
    """

    file: Path
    shown: str
    encoding: str
    errors: str = "strict"
    notes: list[str] = field(default_factory=list)

    def open(self, newline: str = "") -> TextIO:
        """Open the file at its beginning, line ends untouched; by default each kind of them ends a line."""
        raw = open_unpacked(self.file)
        return io.TextIOWrapper(raw, encoding=self.encoding, errors=self.errors, newline=newline)

    @property
    def name(self) -> str:
        """The encoding as users know it."""
        return "utf-8" if self.encoding == "utf-8-sig" else self.encoding


_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the other
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The first comes first where several read alike, as the Windows ones do for quotes and dashes.
_LEGACY = {
    "cp1252": "western",
    "cp932": "ja",
    "euc_jp": "ja",
    "cp1251": "uk",
    "koi8_u": "uk",
    "mac_cyrillic": "uk",
    "cp1256": "fa",
    "iso8859_6": "fa",
}
# As browsers do (WHATWG): what is called by these names is nearly always the wider Windows encoding.
_WIDER = {
    "shift_jis": "cp932",
    "iso8859-1": "cp1252",
    "ascii": "utf-8-sig",
    "utf-8": "utf-8-sig",
    "euc_jis_2004": "euc_jp",
}
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]")
_NOT_ASCII_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_SAMPLE, _SAMPLE_OF_BLOCK = 48 * 1024, 6 * 1024
# UTF-8 with fewer damaged bytes than one in this many is still taken for UTF-8.
_DAMAGE = 100
_HIGH = bytes(range(0x80))
# Nats by which the best reading must beat the next, and what a byte outside ASCII may cost on average: nearly all real
# reviews stay below it, and Greek, Hebrew, Korean or Turkish read in one of our encodings does not.
_MARGIN = 6.0
_WORST = {"ja": 4.3, "uk": 4.0, "fa": 4.2, "western": 5.2}
_PREVIEW = 24


def find_encoding(file: Path, wanted: str | None = None, shown: str | None = None) -> Text:
    """Say how a text file is to be decoded.

    Args:
        file: The file, packed or not.
        wanted: The encoding that the user named, which is then only checked.
        shown: Name of the file for messages, by default its own.

    Raises:
        FileFormatError: If the encoding cannot be told, or the one that was named is not the file's.
    """
    survey = _survey(file, shown or str(file))
    if wanted is not None:
        return survey.text(_checked(survey, wanted))
    return _certain(survey) or _by_letters(survey)


def _certain(survey: _Survey) -> Text | None:
    """Return the encoding where the bytes alone decide."""
    if survey.mark is not None:
        return survey.text(survey.mark)
    if utf16 := _utf16(survey):
        return survey.text(utf16, note=f"was found to be {utf16} without a byte-order mark")
    if survey.head.count(0) * 10 > len(survey.head):
        raise FileFormatError(
            "SK205",
            f"{survey.shown} is full of zero bytes; if it is UTF-16 or UTF-32, name it: --encoding utf-16-le "
            "(or utf-16-be, utf-32-le)",
        )
    if survey.escapes and not survey.high:
        return survey.text("iso2022_jp_ext", note="was found to be iso2022_jp")
    if not survey.damaged and (not survey.high or survey.high > _FEW):
        return survey.text("utf-8-sig")
    if survey.damaged and survey.damaged * _DAMAGE <= survey.high:
        line = survey.first_damaged_line
        damage = f"is UTF-8 with {survey.damaged} damaged bytes, first near line {line}; they are read as \ufffd"
        return survey.text("utf-8-sig", "replace", damage)
    return None


_FEW = 8
"""Bytes outside ASCII up to which being valid UTF-8 may be chance."""


@dataclass
class _Survey:
    """What one reading of the bytes shows."""

    file: Path
    shown: str
    mark: str | None = None
    head: bytes = b""
    high: int = 0
    damaged: int = 0
    first_damaged_line: int = 0
    escapes: bool = False
    sample: bytes = b""

    def text(self, encoding: str, errors: str = "strict", note: str | None = None) -> Text:
        """Return the file with its encoding."""
        return Text(self.file, self.shown, encoding, errors, [f"{self.shown} {note}"] if note else [])


def _survey(file: Path, shown: str) -> _Survey:
    survey = _Survey(file, shown)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    lines = 1
    sample: list[bytes] = []
    for number, block in enumerate(_blocks(file)):
        if number == 0:
            survey.head = block[: 1 << 16]
            survey.mark = next((name for mark, name in _MARKS if block.startswith(mark)), None)
            survey.escapes = bool(_ISO_2022_JP.search(block))
        high = len(block.translate(None, _HIGH))
        survey.high += high
        text = decoder.decode(block)
        if high and (damaged := len(_ESCAPED.findall(text))):
            if not survey.damaged:
                survey.first_damaged_line = lines + text[: _first_escaped(text)].count("\n")
            survey.damaged += damaged
        lines += text.count("\n")
        if high and (number & (number - 1) == 0 or number < _EARLY):
            sample.extend(_lines_outside_ascii(block))
    survey.damaged += len(_ESCAPED.findall(decoder.decode(b"", True)))
    survey.sample = b"\n".join(sample)[:_SAMPLE]
    return survey


_ESCAPED = re.compile(r"[\udc80-\udcff]")
# Every block gives lines to the sample at the beginning of a file, later only those at powers of two.
_EARLY = 8


def _first_escaped(text: str) -> int:
    match = _ESCAPED.search(text)
    return match.start() if match else 0


def _blocks(file: Path) -> Iterator[bytes]:
    with open_unpacked(file) as stream:
        while block := stream.read(_BLOCK):
            yield block


def _lines_outside_ascii(block: bytes) -> Iterator[bytes]:
    """Yield lines that tell, a few kilobytes of them, without the block's last, which may be cut."""
    size = 0
    for match in _NOT_ASCII_LINE.finditer(block):
        if size >= _SAMPLE_OF_BLOCK:
            return
        line = match[0][:_SAMPLE_OF_BLOCK]
        size += len(line)
        yield line


def _checked(survey: _Survey, wanted: str) -> str:
    try:
        name = codecs.lookup(wanted).name
        "".encode(name)  # some codecs are no text encodings
    except LookupError as error:
        raise FileFormatError(
            "SK205", f"unknown encoding {wanted!r}; wanted one such as utf-8, utf-16, {', '.join(_LEGACY)}"
        ) from error
    name = _WIDER.get(name, name)
    if survey.mark is not None and name.startswith(survey.mark.removesuffix("-sig")):
        name = survey.mark
    elif not name.startswith("utf") and survey.high > _FEW and not survey.damaged:
        raise FileFormatError("SK205", f"{survey.shown} is UTF-8, not {wanted}: leave out --encoding, or name utf-8")
    elif (broken := _first_undecodable(survey.file, name)) is not None:
        raise FileFormatError(
            "SK205",
            f"{survey.shown} is not {wanted}: its bytes cannot be decoded near offset {broken}. "
            "Leave out --encoding to have it found, or name another",
        )
    return name


def _first_undecodable(file: Path, encoding: str) -> int | None:
    """Return about where a file stops being in an encoding, None if nowhere."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset = 0
    try:
        for block in _blocks(file):
            decoder.decode(block)
            offset += len(block)
        decoder.decode(b"", True)
    except UnicodeError as error:
        return offset + (error.start if isinstance(error, UnicodeDecodeError) else 0)
    return None


def _utf16(survey: _Survey) -> str | None:
    """Return UTF-16 with its byte order if that is what a file without a mark is.

    Every table has some ASCII (delimiters, line ends), which has zero bytes in UTF-16.
    """
    if 0 not in survey.head:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = survey.head[: len(survey.head) // 2 * 2].decode(encoding, "replace")
        if ("\n" in text or "\r" in text) and _is_of_ours(text):
            return encoding
    return None


def _is_of_ours(text: str) -> bool:
    """Say whether nearly all characters are ones that the four languages use; Han only beside kana or much ASCII."""
    kana = len(_KANA.findall(text))
    han = len(_HAN.findall(text))
    much_ascii = sum(map(str.isascii, text)) * 3 > len(text)
    strange = len(_STRANGE.findall(text)) + text.count("\0")
    if han > _HAN_PER_KANA * kana and not much_ascii:
        strange += han
    return strange * 10 <= len(text)


_HAN_PER_KANA = 5
_KANA = re.compile("[\u3040-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_STRANGE = re.compile(
    "[^\\x00-\u024f\u0400-\u052f\u0600-\u06ff\u2000-\u27bf\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef\ufe0f\U0001f000-\U0001ffff]"
)


@dataclass(frozen=True)
class _Reading:
    """The sample in one encoding."""

    encoding: str
    language: str
    text: str
    cost: float


def _by_letters(survey: _Survey) -> Text:
    high = len(survey.sample.translate(None, _HIGH)) or 1
    readings = sorted(_readings(survey), key=lambda reading: reading.cost)
    fitting: list[_Reading] = []
    for reading in readings:
        # Whatever costs much more than the best that fits needs no second reading of the file.
        if fitting and reading.cost > fitting[0].cost + _MARGIN:
            break
        if _first_undecodable(survey.file, reading.encoding) is None:
            fitting.append(reading)
    if not fitting:
        raise _undecided(survey, readings)
    best = fitting[0]
    # Windows encodings share quotes and dashes: readings that agree in every letter leave no doubt.
    rivals = [reading for reading in fitting[1:] if reading.text != best.text]
    if rivals or best.cost > _WORST[best.language] * high:
        raise _undecided(survey, fitting)
    return survey.text(best.encoding, note=None if best.encoding == "utf-8-sig" else f"was found to be {best.encoding}")


def _readings(survey: _Survey) -> Iterator[_Reading]:
    if not survey.damaged:
        text = survey.sample.decode("utf-8", "replace")
        # That bytes of another encoding are valid UTF-8 is itself unlikely.
        costs = {language: cost(text, language) for language in _WORST}
        likeliest = min(costs, key=costs.__getitem__)
        yield _Reading("utf-8-sig", likeliest, text, costs[likeliest] - _MARGIN)
    # Lines that are nearly all ASCII are in Latin letters; Cyrillic, Arabic and kana come in words.
    latin = len(survey.sample.translate(None, _HIGH)) * 20 < len(survey.sample)
    for encoding, language in _LEGACY.items():
        text = survey.sample.decode(encoding, "replace")
        bonus = _MARGIN if latin and language == "western" else 0.0
        yield _Reading(encoding, language, text, cost(text, language) - bonus)


def _undecided(survey: _Survey, readings: list[_Reading]) -> FileFormatError:
    shown = "; ".join(f"{reading.encoding} reads {_preview(reading.text)!r}" for reading in readings[:3])
    return FileFormatError(
        "SK205", f"the encoding of {survey.shown} cannot be told ({shown}). Name the right one with --encoding"
    )


def _preview(text: str) -> str:
    first = next((index for index, character in enumerate(text) if not character.isascii()), 0)
    return text[max(0, first - 4) : first + _PREVIEW].strip()
