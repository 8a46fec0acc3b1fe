"""Text to windows of token ids.

A text longer than a window is read in several that overlap, and the last one always ends where the text ends: the
threat to leave stands in the last sentence. Nothing is cut away.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from sentiment_kit.text import for_model


@dataclass(frozen=True, slots=True)
class Windows:
    """The token ids of one text.

    Attributes:
        windows: Ids of each window, begin and end marks included; one window at least.
        n_tokens: Number of tokens of the whole text, marks and overlaps not counted.
    """

    windows: list[list[int]]
    n_tokens: int


class WindowTokenizer:
    """Splits texts into windows of token ids.

    The tokenizers library must not be shared between threads that change its settings, so each thread has a copy.
    """

    def __init__(self, tokenizer: Tokenizer, window: int, overlap: int, begin: int, end: int) -> None:
        """Keep the tokenizer and the sizes.

        Args:
            tokenizer: Tokenizer without truncation and padding.
            window: Longest window in tokens, marks included.
            overlap: Tokens that a window shares with the one before it.
            begin: Id of the begin mark.
            end: Id of the end mark.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._body = window - 2
        self._step = window - 2 - overlap
        self._begin, self._end = begin, end
        self._local = threading.local()

    @classmethod
    def from_file(cls, file: Path, window: int, overlap: int, begin: int, end: int) -> WindowTokenizer:
        """Read a ``tokenizer.json``."""
        return cls(Tokenizer.from_file(str(file)), window, overlap, begin, end)

    def windows(self, texts: Sequence[str]) -> list[Windows]:
        """Return the windows of each raw text, in order."""
        views = [for_model(text).text for text in texts]
        encodings = self._own_copy().encode_batch_fast(views, add_special_tokens=False)
        return [self._cut(encoding.ids) for encoding in encodings]

    def _own_copy(self) -> Tokenizer:
        tokenizer: Tokenizer | None = getattr(self._local, "tokenizer", None)
        if tokenizer is None:
            tokenizer = self._local.tokenizer = copy.deepcopy(self._tokenizer)
        return tokenizer

    def _cut(self, ids: list[int]) -> Windows:
        windows = [[self._begin, *piece, self._end] for piece in cut(ids, self._body, self._step)]
        return Windows(windows, len(ids))


def cut(ids: list[int], length: int, step: int) -> list[list[int]]:
    """Return the pieces of a text's ids: one at least, each full where there are several, the last at the end.

    Args:
        ids: Token ids without marks.
        length: Longest piece.
        step: How far each piece begins behind the one before it, the last one aside.
    """
    starts = [0]
    if len(ids) > length:
        starts = [*range(0, len(ids) - length, step), len(ids) - length]
    return [ids[start : start + length] for start in starts]
