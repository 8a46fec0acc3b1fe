"""The lesson of meanings: a sentence of any of the four languages goes where the teacher puts its English."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.meaning import Meanings
from sentiment_kit.training.trainer import Marks, autocast

_TEMPERATURE = 0.05
_POOL = 40  # batches whose sentences are sorted by length together


class MeaningLesson:
    """Tells which of the batch's meanings each sentence has (Radford et al. 2021 do so with images and captions)."""

    def __init__(self, meanings: Meanings, width: int, marks: Marks, budget: int = 6144, longest: int = 48) -> None:
        """Keep the sentences.

        Args:
            meanings: Sentences and the teacher's vectors.
            width: Size of the network's pooled vector.
            marks: Ids of the tokenizer's marks.
            budget: Tokens a batch, padding included.
            longest: Tokens of a sentence.
        """
        self._meanings, self._marks, self._budget, self._longest = meanings, marks, budget, longest
        self.module: nn.Module = nn.Linear(width, meanings.vectors.shape[1])
        counts = np.bincount(meanings.language, minlength=len(LANGUAGES))
        weights = 1.0 / counts[meanings.language]
        self._weights = weights / weights.sum()
        self._batches: Iterator[NDArray[np.int64]] = iter(())

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""
        self._batches = self._draw(np.random.default_rng([*seed, 1]))

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the cross-entropy of choosing the right meaning among those of the batch."""
        device = next(network.parameters()).device
        rows = next(self._batches)
        ids, keep = self._pad(rows)
        with autocast(device):
            pooled = network.pooled(torch.from_numpy(ids).to(device), torch.from_numpy(keep).to(device))
        placed = functional.normalize(self.module(pooled.float()), dim=1)
        anchors, target = np.unique(self._meanings.anchor[rows], return_inverse=True)
        wanted = torch.from_numpy(self._meanings.vectors[anchors]).to(device).float()
        return functional.cross_entropy(placed @ wanted.T / _TEMPERATURE, torch.from_numpy(target).to(device))

    def _draw(self, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
        """Yield batches of sentences of like length, all languages equally often."""
        lengths = np.minimum(np.diff(self._meanings.starts), self._longest) + 2
        while True:
            rows = rng.choice(len(self._weights), _POOL * self._budget // 16, p=self._weights)
            rows = rows[np.argsort(lengths[rows], kind="stable")]
            groups: list[NDArray[np.int64]] = []
            while len(rows):
                count = int(np.searchsorted(lengths[rows] * np.arange(1, len(rows) + 1), self._budget, side="right"))
                groups.append(rows[:count])
                rows = rows[count:]
            for index in rng.permutation(len(groups)):
                yield groups[index]

    def _pad(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        tokens, starts, marks = self._meanings.tokens, self._meanings.starts, self._marks
        texts = [tokens[starts[row] : starts[row + 1]][: self._longest] for row in rows]
        width = max(map(len, texts)) + 2
        ids = np.full((len(rows), width), marks.padding, dtype=np.int64)
        keep = np.zeros((len(rows), width), dtype=np.float32)
        for line, text in enumerate(texts):
            ids[line, : len(text) + 2] = [marks.begin, *text, marks.end]
            keep[line, : len(text) + 2] = 1
        return ids, keep
