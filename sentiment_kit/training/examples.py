"""The table of examples as arrays: tokenised once, drawn with weights, batched by length under a token budget."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from datasets import Dataset, load_dataset
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.text import for_model
from sentiment_kit.training.arrays import load_arrays, save_arrays
from sentiment_kit.training.corpora import OWN_SETS

_CHUNK = 10_000


def load_table(examples: Path, cache: Path) -> Dataset:
    """Open the table of examples that `sentiment_kit.training.corpora.build` wrote."""
    return load_dataset("parquet", data_files=str(examples), split="train", cache_dir=str(cache))


@dataclass(frozen=True)
class TokenisedExamples:
    """Examples as arrays of one length.

    Attributes:
        tokens: Ids of all texts, one after the other, without begin and end marks.
        starts: Where each text begins in `tokens`; one more than there are texts.
        sentiment: Index of the sentiment or -1, (n,).
        themes: 1, 0 or -1 for unknown, (n, 12).
        churn: 1, 0 or -1 for unknown, (n,).
        kinds: Kinds of churn of a text that leaves, 1 or 0; -1 for others and where unknown, (n, 8).
        language: Index into `LANGUAGES`, (n,).
        set: Name of the set, (n,).
        weight: Weight of the set's card, (n,).
    """

    tokens: NDArray[np.uint16]
    starts: NDArray[np.int64]
    sentiment: NDArray[np.int64]
    themes: NDArray[np.int64]
    churn: NDArray[np.int64]
    kinds: NDArray[np.int64]
    language: NDArray[np.int64]
    set: NDArray[np.str_]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.sentiment)

    def save(self, file: Path) -> None:
        """Write the arrays; the file appears when it is complete."""
        save_arrays(file, vars(self))

    @classmethod
    def load(cls, file: Path) -> TokenisedExamples:
        """Read what `save` wrote."""
        return cls(**load_arrays(file))

    def select(self, rows: NDArray[np.int64]) -> TokenisedExamples:
        """Return some of the texts, in the order of `rows`."""
        tokens = [self.tokens[self.starts[row] : self.starts[row + 1]] for row in rows]
        starts = np.concatenate([[0], np.cumsum(np.diff(self.starts)[rows])]).astype(np.int64)
        others = {field.name: getattr(self, field.name)[rows] for field in fields(self)[2:]}
        return TokenisedExamples(np.concatenate(tokens) if tokens else self.tokens[:0], starts, **others)

    def without(self, sets: Collection[str]) -> TokenisedExamples:
        """Return the texts of all other sets."""
        return self.select(np.flatnonzero(~np.isin(self.set, list(sets))))

    def digest(self) -> str:
        """Return a hash of all that is learnt from these texts."""
        digest = hashlib.sha256()
        for field in fields(self):
            array = getattr(self, field.name)
            digest.update(array.tobytes() if array.dtype.kind != "U" else "\n".join(array).encode())
        return digest.hexdigest()

    def ids(self, index: int, longest: int) -> NDArray[np.int64]:
        """Return a text's ids; of one that is too long the first two thirds and the last third of what fits."""
        ids = self.tokens[self.starts[index] : self.starts[index + 1]].astype(np.int64)
        if len(ids) <= longest:
            return ids
        head = longest * 2 // 3
        return np.concatenate([ids[:head], ids[head - longest :]])

    def lengths(self, longest: int) -> NDArray[np.int64]:
        """Return the number of ids of each text after cutting."""
        return np.minimum(np.diff(self.starts), longest)


def tokenise(table: Dataset, tokenizer: Tokenizer, report: Callable[[str], None]) -> TokenisedExamples:
    """Normalise and tokenise every text of a table."""
    pieces: list[NDArray[np.uint16]] = []
    lengths: list[int] = []
    for start in range(0, len(table), _CHUNK):
        texts = [for_model(text).text for text in table[start : start + _CHUNK]["text"]]
        for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
            pieces.append(np.array(encoding.ids, dtype=np.uint16))
            lengths.append(len(encoding.ids))
        if start % (20 * _CHUNK) == 0:
            report(f"tokenised {start + len(texts):,} of {len(table):,} texts")
    return TokenisedExamples(
        tokens=np.concatenate(pieces) if pieces else np.zeros(0, np.uint16),
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        sentiment=np.array(table["sentiment"], dtype=np.int64),
        themes=np.array(table["themes"], dtype=np.int64),
        churn=np.array(table["churn"], dtype=np.int64),
        kinds=np.array(table["kinds"], dtype=np.int64),
        language=np.array([LANGUAGES.index(code) for code in table["language"]], dtype=np.int64),
        set=np.array(table["set"]),
        weight=np.array(table["weight"], dtype=np.float64),
    )


def draw_weights(
    examples: TokenisedExamples, own_share: float, judged: NDArray[np.bool_] | None = None, cap: int = 25_000
) -> NDArray[np.float64]:
    """Return the probability with which each text is drawn: any that has a label, or, with `judged`, these alone.

    Each language has a quarter. Within a language `own_share` goes to the project's own feedback; the rest is shared by
    the sets as their card's weight times their size, at most `cap`; inside a set a sentiment is drawn as the square
    root of its frequency, so that the rare ones are seen.
    """
    own = np.isin(examples.set, OWN_SETS)
    weights = np.zeros(len(examples))
    known = (examples.sentiment >= 0) | (examples.themes >= 0).any(1) | (examples.churn >= 0)
    drawn = known if judged is None else judged
    for name in np.unique(examples.set):
        for language in range(len(LANGUAGES)):
            rows = (examples.set == name) & (examples.language == language) & drawn
            if not rows.any():
                continue
            classes, inverse, counts = np.unique(examples.sentiment[rows], return_inverse=True, return_counts=True)
            share = np.sqrt(counts) / np.sqrt(counts).sum()
            weights[rows] = (share / counts)[inverse] * min(rows.sum(), cap) * examples.weight[rows]
    for language in range(len(LANGUAGES)):
        here = examples.language == language
        for rows, part in ((here & own, own_share), (here & ~own, 1 - own_share)):
            if weights[rows].sum() > 0:
                weights[rows] *= part / weights[rows].sum()
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


@dataclass(frozen=True)
class Batch:
    """Padded windows of one batch and the rows that they came from."""

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    rows: NDArray[np.int64]


def batches(
    examples: TokenisedExamples, rows: NDArray[np.int64], budget: int, longest: int, marks: tuple[int, int, int]
) -> Iterator[Batch]:
    """Yield padded batches of texts of like length.

    Args:
        examples: The texts.
        rows: Which of them, in the order in which they were drawn; batches keep that order roughly.
        budget: Tokens of a batch at most, padding included.
        longest: Tokens of a window at most, begin and end marks included.
        marks: Ids of padding, begin and end.
    """
    lengths = examples.lengths(longest - 2)
    pool = budget * 2
    for start in range(0, len(rows), pool):
        part = rows[start : start + pool]
        part = part[np.argsort(lengths[part], kind="stable")]
        groups: list[NDArray[np.int64]] = []
        while len(part):
            # The last of a group is its longest; take as many as fit the budget.
            sizes = (lengths[part] + 2) * np.arange(1, len(part) + 1)
            count = max(1, int(np.searchsorted(sizes, budget, side="right")))
            groups.append(part[:count])
            part = part[count:]
        for index in np.random.default_rng(start).permutation(len(groups)):
            yield _pad(examples, groups[index], longest, marks)


def _pad(examples: TokenisedExamples, rows: NDArray[np.int64], longest: int, marks: tuple[int, int, int]) -> Batch:
    padding, begin, end = marks
    texts = [examples.ids(row, longest - 2) for row in rows]
    width = max(map(len, texts)) + 2
    ids = np.full((len(rows), width), padding, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for line, text in enumerate(texts):
        ids[line, : len(text) + 2] = [begin, *text, end]
        mask[line, : len(text) + 2] = 1
    return Batch(ids, mask, rows)
