"""What the network learns beside the labels: where a sentence's meaning lies, and what one word alone does not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.encoder.network import FeedbackNetwork, Logits, Part
from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES, SENTIMENTS, THEMES
from sentiment_kit.text import for_model
from sentiment_kit.training.meaning import Meanings
from sentiment_kit.training.templates import Template
from sentiment_kit.training.trainer import Labels, Lesson, Marks, autocast, masked_losses
from sentiment_kit.training.words import Word

_TEMPERATURE = 0.05
_CHOICES = 512  # meanings to choose among, at least
_POOL = 40  # batches whose sentences are sorted by length together


class MeaningLesson:
    """Tells which of some meanings each sentence has (Radford et al. 2021 do so with images and captions)."""

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
        size = meanings.vectors.shape[1]
        placing = nn.Linear(width, size)
        if width == 2 * size:  # a network with the teacher's blocks has its vectors as the mean of the last states
            placing.weight.data.copy_(torch.eye(size, width))
            placing.bias.data.zero_()
        self.module: nn.Module = placing
        counts = np.bincount(meanings.language, minlength=len(LANGUAGES))
        weights = 1.0 / counts[meanings.language]
        self._weights = weights / weights.sum()
        self._batches: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]] = iter(())

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""
        self._batches = self._draw(np.random.default_rng([*seed, 1]))

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the cross-entropy of choosing the right meaning among those of the batch and some others."""
        device = next(network.parameters()).device
        rows, others = next(self._batches)
        ids, keep = self._pad(rows)
        with autocast(device):
            pooled = network.pooled(ids.to(device), keep.to(device))
        placed = functional.normalize(self.module(pooled.float()), dim=1)
        anchors, places = np.unique(np.concatenate([self._meanings.anchor[rows], others]), return_inverse=True)
        target = places[: len(rows)]
        wanted = torch.from_numpy(self._meanings.vectors[anchors]).to(device).float()
        return functional.cross_entropy(placed @ wanted.T / _TEMPERATURE, torch.from_numpy(target).to(device))

    def _draw(self, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield batches of sentences of like length, all languages equally often, and meanings of others."""
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
                group = groups[index]
                yield group, rng.integers(len(self._meanings.vectors), size=max(0, _CHOICES - len(group)))

    def _pad(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        tokens, starts = self._meanings.tokens, self._meanings.starts
        return padded([tokens[starts[row] : starts[row + 1]][: self._longest] for row in rows], self._marks)


class Turns:
    """Several lessons that take turns from step to step."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        """Keep the lessons."""
        self._lessons = lessons
        self.module: nn.Module = nn.ModuleList(lesson.module for lesson in lessons)
        self._turns = cycle(lessons)

    def begin(self, seed: list[int]) -> None:
        """Begin a round with the first lesson."""
        for lesson in self._lessons:
            lesson.begin(seed)
        self._turns = cycle(self._lessons)

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the loss of the next batch of the lesson whose turn it is."""
        return next(self._turns).loss(network)


class TemplateLesson:
    """Tells the labels of sentences drawn from templates, all languages and topics equally often.

    Attributes:
        settings: What else than the templates decides what is drawn and learnt, for the identity of a checkpoint.
    """

    def __init__(
        self,
        templates: Mapping[str, Sequence[Sequence[Template]]],
        tokenizer: Tokenizer,
        marks: Marks,
        with_grams: bool = True,
        size: int = 48,
    ) -> None:
        """Keep the templates.

        Args:
            templates: Templates of each language, by topic.
            tokenizer: The network's tokenizer.
            marks: Ids of the tokenizer's marks.
            with_grams: Whether the n-grams learn too.
            size: Sentences a batch.
        """
        self._tokenizer, self._marks = tokenizer, marks
        self._with_grams = _WITH_GRAMS if with_grams else 0.0
        self.settings = f"{size} {self._with_grams} {_TWO_SENTENCES}"
        self._topics = [(topic, _evened(topic)) for language in sorted(templates) for topic in templates[language]]
        self._each = size // len(self._topics)
        self.module: nn.Module = nn.Identity()
        self._rng = np.random.default_rng()

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""
        self._rng = np.random.default_rng([*seed, 2])

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the sum of the losses of a batch.

        Half of the batches at least are the transformer's alone: the n-grams would learn the templates by heart.
        """
        drawn = [self._draw(topic, weights) for topic, weights in self._topics for _ in range(self._each)]
        encodings = self._tokenizer.encode_batch([for_model(text).text for text, _ in drawn], add_special_tokens=False)
        ids = [encoding.ids[: network.shape.positions - 2] for encoding in encodings]
        part: Part = "both" if self._rng.random() < self._with_grams else "transformer"
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        scored = [self._score(network, [ids[number] for number in group], part) for group in np.array_split(order, 4)]
        sentiment, themes, churn, kinds = (torch.cat(heads) for heads in zip(*scored, strict=True))
        logits = sentiment, themes, churn, kinds
        return torch.stack(masked_losses(logits, _labels([drawn[number][1] for number in order]))).sum()

    def _score(self, network: FeedbackNetwork, texts: list[list[int]], part: Part) -> Logits:
        """Return the logits of texts of like length, which little padding makes one batch."""
        device = next(network.parameters()).device
        ids, keep = padded(texts, self._marks)
        with autocast(device):
            logits: Logits = network(ids.to(device), keep.to(device), part)
        return logits

    def _draw(self, topic: Sequence[Template], weights: NDArray[np.float64]) -> tuple[str, Template]:
        """Return a sentence, or two with the same labels, and a template that has them."""
        template = topic[self._rng.choice(len(topic), p=weights)]
        text = template.draw(self._rng)
        if self._rng.random() < _TWO_SENTENCES:
            same = [other for other in topic if _labels_of(other) == _labels_of(template)]
            stop = "" if text.endswith(_STOPS) else "." if template.between else "。"
            text = f"{text}{stop}{template.between}{same[self._rng.integers(len(same))].draw(self._rng)}"
        return text, template


class WordLesson:
    """Tells the sentiment of words by themselves, all languages and sentiments equally often.

    Reviews hold few of a language's words, and the sets that the network never saw hold others.

    Attributes:
        settings: What else than the words decides what is drawn and learnt, for the identity of a checkpoint.
    """

    def __init__(
        self, words: Sequence[Word], tokenizer: Tokenizer, marks: Marks, with_grams: bool = True, size: int = 192
    ) -> None:
        """Keep the words that the tokenizer can spell.

        Args:
            words: Words of each language and sentiment.
            tokenizer: The network's tokenizer.
            marks: Ids of the tokenizer's marks.
            with_grams: Whether the n-grams learn too.
            size: Lines a batch at most, each of one to three words of the same sentiment.
        """
        self._tokenizer, self._marks = tokenizer, marks
        self._with_grams = _WITH_GRAMS if with_grams else 0.0
        self.settings = f"{size} {self._with_grams} {_MOST_WORDS} {_SMOOTHING}"
        self._groups: dict[tuple[str, str], list[str]] = {}
        spelled = tokenizer.encode_batch([word.text for word in words], add_special_tokens=False)
        for word, encoding in zip(words, spelled, strict=True):
            if marks.unknown not in encoding.ids:
                self._groups.setdefault((word.language, word.sentiment), []).append(word.text)
        self._each = size // len(self._groups)
        self.module: nn.Module = nn.Identity()
        self._rng = np.random.default_rng()

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""
        self._rng = np.random.default_rng([*seed, 3])

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the cross-entropy of the sentiment, smoothed because a lexicon is less sure than a label."""
        device = next(network.parameters()).device
        drawn = self.draw()
        encodings = self._tokenizer.encode_batch([line for line, _ in drawn], add_special_tokens=False)
        ids, keep = padded([encoding.ids[: network.shape.positions - 2] for encoding in encodings], self._marks)
        wanted = torch.tensor([SENTIMENTS.index(sentiment) for _, sentiment in drawn], device=device)
        part: Part = "both" if self._rng.random() < self._with_grams else "transformer"
        with autocast(device):
            logits: Tensor = network(ids.to(device), keep.to(device), part)[0]
        return functional.cross_entropy(logits.float(), wanted, label_smoothing=_SMOOTHING)

    def draw(self) -> list[tuple[str, str]]:
        """Return the lines of a batch with their sentiment, each as often."""
        return [
            (("、" if language == "ja" else " ").join(self._pick(words)), sentiment)
            for (language, sentiment), words in self._groups.items()
            for _ in range(self._each)
        ]

    def _pick(self, words: Sequence[str]) -> list[str]:
        return [words[number] for number in self._rng.integers(len(words), size=self._rng.integers(1, _MOST_WORDS + 1))]


_SMOOTHING = 0.1
_MOST_WORDS = 3
_WITH_GRAMS = 0.5
_TWO_SENTENCES = 0.25
_STOPS = (".", "!", "?", "…", "。", "！", "？", "؟")


def _labels_of(template: Template) -> tuple[str | None, tuple[str, ...] | None]:
    return template.sentiment, template.churn


def _evened(templates: Sequence[Template]) -> NDArray[np.float64]:
    """Return the probability of each template: templates with the same labels as the square root of their number."""
    counts = Counter(map(_labels_of, templates))
    weights = np.array([counts[_labels_of(template)] ** -0.5 for template in templates])
    evened: NDArray[np.float64] = weights / weights.sum()
    return evened


def _labels(templates: Sequence[Template]) -> Labels:
    """Return the labels of drawn sentences; nothing is known of their themes."""
    sentiment = [-1 if line.sentiment is None else SENTIMENTS.index(line.sentiment) for line in templates]
    churn = [-1 if line.churn is None else int(bool(line.churn)) for line in templates]
    kinds = [[int(kind in line.churn) if line.churn else -1 for kind in CHURN_KINDS] for line in templates]
    return np.array(sentiment), np.full((len(templates), len(THEMES)), -1), np.array(churn), np.array(kinds)


def padded(texts: Sequence[Sequence[int] | NDArray[np.uint16]], marks: Marks) -> tuple[Tensor, Tensor]:
    """Return the ids of texts between their marks and which of them count, both (texts, longest + 2)."""
    width = max(map(len, texts)) + 2
    ids = np.full((len(texts), width), marks.padding, dtype=np.int64)
    keep = np.zeros((len(texts), width), dtype=np.float32)
    for line, text in enumerate(texts):
        ids[line, : len(text) + 2] = [marks.begin, *text, marks.end]
        keep[line, : len(text) + 2] = 1
    return torch.from_numpy(ids), torch.from_numpy(keep)
