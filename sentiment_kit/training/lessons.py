"""What the network learns beside the labels: where a sentence's meaning lies, and what a negation does to a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tokenizers import Tokenizer
from torch.nn import functional

from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS
from sentiment_kit.text import for_model
from sentiment_kit.training.meaning import Meanings
from sentiment_kit.training.templates import Template
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
            pooled = network.pooled(ids.to(device), keep.to(device))
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

    def _pad(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        tokens, starts = self._meanings.tokens, self._meanings.starts
        return _padded([tokens[starts[row] : starts[row + 1]][: self._longest] for row in rows], self._marks)


class TemplateLesson:
    """Tells the sentiment of sentences drawn from templates, all languages equally often."""

    def __init__(
        self, templates: Mapping[str, Sequence[Template]], tokenizer: Tokenizer, marks: Marks, size: int = 96
    ) -> None:
        """Keep the templates.

        Args:
            templates: Templates of each language.
            tokenizer: The network's tokenizer.
            marks: Ids of the tokenizer's marks.
            size: Sentences a batch.
        """
        self._templates, self._tokenizer, self._marks, self._size = templates, tokenizer, marks, size
        self._weights = {language: _evened(lines) for language, lines in templates.items()}
        self.module: nn.Module = nn.Identity()
        self._rng = np.random.default_rng()

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""
        self._rng = np.random.default_rng([*seed, 2])

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the cross-entropy of the sentiments of a batch.

        Every second batch is the transformer's alone: the n-grams would learn the templates by heart.
        """
        device = next(network.parameters()).device
        drawn = [self._draw(language) for language in sorted(self._templates) for _ in range(self._size // 4)]
        texts = [for_model(text).text for text, _ in drawn]
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        ids, keep = _padded([encoding.ids for encoding in encodings], self._marks)
        with autocast(device):
            logits = network(ids.to(device), keep.to(device), "both" if self._rng.random() < _WITH_GRAMS else "transformer")
        wanted = torch.tensor([SENTIMENTS.index(sentiment) for _, sentiment in drawn], device=device)
        return functional.cross_entropy(logits[0].float(), wanted, label_smoothing=0.05)

    def _draw(self, language: str) -> tuple[str, str]:
        """Return a sentence, or two of one sentiment, and the sentiment."""
        lines, weights = self._templates[language], self._weights[language]
        template = lines[self._rng.choice(len(lines), p=weights)]
        text = template.draw(self._rng)
        if self._rng.random() < _TWO_SENTENCES:
            same = [line for line in lines if line.sentiment == template.sentiment]
            stop = "" if text.endswith((".", "!", "?", "。", "！", "？", "؟")) else "。" if language == "ja" else "."
            text = f"{text}{stop}{template.between}{same[self._rng.integers(len(same))].draw(self._rng)}"
        return text, template.sentiment


_WITH_GRAMS = 0.5
_TWO_SENTENCES = 0.25


def _evened(templates: Sequence[Template]) -> NDArray[np.float64]:
    """Return the probability of each template: each sentiment as the square root of its frequency."""
    names, inverse, counts = np.unique([line.sentiment for line in templates], return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = (np.sqrt(counts) / np.sqrt(counts).sum() / counts)[inverse]
    return weights


def _padded(texts: Sequence[Sequence[int] | NDArray[np.uint16]], marks: Marks) -> tuple[Tensor, Tensor]:
    """Return the ids of texts between their marks and which of them count, both (texts, longest + 2)."""
    width = max(map(len, texts)) + 2
    ids = np.full((len(texts), width), marks.padding, dtype=np.int64)
    keep = np.zeros((len(texts), width), dtype=np.float32)
    for line, text in enumerate(texts):
        ids[line, : len(text) + 2] = [marks.begin, *text, marks.end]
        keep[line, : len(text) + 2] = 1
    return torch.from_numpy(ids), torch.from_numpy(keep)
