"""The training loop: masked multi-task losses, bf16 where it pays, checkpoints that a rerun continues from."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.encoder.network import FeedbackNetwork, Logits, Part
from sentiment_kit.training.arrays import load_arrays, save_arrays
from sentiment_kit.training.examples import Batch, TokenisedExamples, batches, draw_weights


@dataclass(frozen=True)
class Recipe:
    """The settings of one training stage.

    Attributes:
        name: Name of the stage, used for its checkpoint.
        examples: Number of texts to draw, with repetition.
        rate: Highest learning rate of the transformer; embeddings learn at half of it, the n-grams at ten times.
        own_share: Share of the project's own feedback within each language.
        part: Which part of the network learns.
        budget: Tokens a batch, padding included.
        longest: Tokens of a window.
        drop_tokens: Share of tokens hidden from the network, so that it does not lean on single words.
        seed: Seed of the draws.
        round_size: Texts between two checkpoints.
        lessons: What the steps learn beside the labels, in turns: ``meanings``, to place sentences where the teacher
            places their meaning; ``templates``, the labels of sentences drawn from templates; ``words``, the sentiment
            of words by themselves; or nothing.
        theme_weight: Weight of the loss of themes beside that of sentiment. It is a mean over twelve rare labels.
        churn_weight: Weight of the loss of churn; that of its kinds weighs half as much.
        matrix_rate: Highest learning rate of the matrices in the transformer's blocks, by Muon; 0 for AdamW.
        block_rate: Highest learning rate of the transformer's blocks without Muon; 0 for `rate`.
        judged: Share of other networks' judgement in the loss, the labels have the rest; with a share only texts that
            were judged are drawn.
    """

    name: str
    examples: int
    rate: float
    own_share: float
    part: Part = "both"
    budget: int = 6144
    longest: int = 96
    drop_tokens: float = 0.1
    seed: int = 1
    round_size: int = 50_000
    lessons: tuple[Literal["meanings", "templates", "words"], ...] = ()
    theme_weight: float = 2.0
    churn_weight: float = 1.0
    matrix_rate: float = 0.0
    block_rate: float = 0.0
    judged: float = 0.0

    @property
    def loss_weights(self) -> tuple[float, ...]:
        """Weights of the losses of sentiment, themes, churn and its kinds."""
        return 1.0, self.theme_weight, self.churn_weight, self.churn_weight / 2


@dataclass(frozen=True)
class Marks:
    """Ids of the tokens that mark something."""

    padding: int
    unknown: int
    begin: int
    end: int


@dataclass(frozen=True)
class Judgements:
    """What other networks say of the texts of a table.

    Attributes:
        logits: Of sentiment, themes, churn and its kinds, (n, 24).
        known: Which texts were judged, (n,).
        examples: Digest of the texts.
    """

    logits: NDArray[np.float16]
    known: NDArray[np.bool_]
    examples: str

    def save(self, file: Path) -> None:
        """Write the arrays; the file appears when it is complete."""
        save_arrays(file, vars(self))

    @classmethod
    def load(cls, file: Path) -> Judgements:
        """Read what `save` wrote."""
        arrays = load_arrays(file)
        return cls(arrays["logits"], arrays["known"], str(arrays["examples"]))


@dataclass(frozen=True)
class Surroundings:
    """What a stage works in.

    Attributes:
        marks: Ids of the tokenizer's marks.
        folder: Where checkpoints go.
        inputs: A hash of what is learnt from; a checkpoint of other inputs is not continued.
        report: Called with a line of progress after each round.
        evaluate: Says in a few words how good a part of the network is by now.
        judgements: What other networks say of the texts; a stage whose recipe has a share of it needs them.
    """

    marks: Marks
    folder: Path
    inputs: str
    report: Callable[[str], None]
    evaluate: Callable[[FeedbackNetwork, Part], str]
    judgements: Judgements | None = None


class Lesson(Protocol):
    """What a stage learns beside the labels."""

    module: nn.Module
    """Weights of its own, which are left out of the model."""

    def begin(self, seed: list[int]) -> None:
        """Begin a round: what is drawn follows from the seed."""

    def loss(self, network: FeedbackNetwork) -> Tensor:
        """Return the loss of the next batch."""


def train(
    network: FeedbackNetwork,
    examples: TokenisedExamples,
    recipe: Recipe,
    around: Surroundings,
    lesson: Lesson | None = None,
) -> None:
    """Run one stage, or what is left of it; the network holds the result.

    A checkpoint is written after each round, and a rerun with the same folder goes on from the last.

    Raises:
        ValueError: If the recipe has a share of judgements and there are none.
    """
    checkpoint, marks = around.folder / f"{recipe.name}.pt", around.marks
    if lesson:  # before the optimiser's state is restored, which goes where the weights are
        lesson.module.to(next(network.parameters()).device)
    learner = Learner(network, recipe, lesson.module if lesson else None)
    identity = json.dumps([asdict(recipe), around.inputs])
    done = _restore(checkpoint, identity, network, learner)
    if recipe.judged and around.judgements is None:
        raise ValueError(f"the stage {recipe.name} learns from judgements, and there are none")
    judged = around.judgements.known if recipe.judged and around.judgements else None
    weights = draw_weights(examples, recipe.own_share, judged)
    begun, at_start = time.monotonic(), done
    while done < recipe.examples:
        size = min(recipe.round_size, recipe.examples - done)
        rows = np.random.default_rng([recipe.seed, done]).choice(len(weights), size, p=weights)
        network.train()
        if lesson:
            lesson.begin([recipe.seed, done])
        losses = []
        for batch in batches(examples, rows, recipe.budget, recipe.longest, (marks.padding, marks.begin, marks.end)):
            learner.set_rate(_schedule(done / recipe.examples))
            beside = lesson.loss(network) if lesson else None
            losses.append(learner.step(_loss_of(network, examples, batch, recipe, around), beside))
            done += len(batch.rows)
        _save(checkpoint, identity, network, learner, done)
        speed = (done - at_start) / (time.monotonic() - begun)
        left = max(0.0, recipe.examples - done) / speed
        mean = np.mean(losses, axis=0)
        shown = zip(("sentiment", "themes", "churn", "kinds", "lesson"), mean, strict=False)
        around.report(
            f"{recipe.name}: {done:,} of {recipe.examples:,} texts, {speed:.0f} texts/s, {left / 60:.0f} min left; "
            f"loss {' '.join(f'{name} {loss:.3f}' for name, loss in shown)}; "
            f"dev {around.evaluate(network, recipe.part)}"
        )


class Learner:
    """The optimisers of a network: AdamW, Muon where the recipe wants it, and for n-grams one that touches rows seen.

    Muon (Jordan et al. 2024) moves a matrix equally far in all its directions; scaled as by Liu et al. 2025 its rates
    are like those of AdamW.
    """

    def __init__(self, network: FeedbackNetwork, recipe: Recipe, beside: nn.Module | None = None) -> None:
        """Create them.

        Args:
            network: What they change.
            recipe: The learning rate and the weights of the losses.
            beside: Weights of a lesson, which learn with the network.
        """
        self._beside, self._loss_weights, rate = beside, recipe.loss_weights, recipe.rate
        embeddings, grams = [network.tokens.weight], list(network.grams.parameters()) if network.grams else []
        matrices = [p for p in network.blocks.parameters() if p.ndim == 2] if recipe.matrix_rate else []  # noqa: PLR2004
        blocks = list(network.blocks.parameters()) if recipe.block_rate and not matrices else []
        set_apart = {id(parameter) for parameter in embeddings + grams + matrices + blocks}
        self._clipped = [p for p in network.parameters() if id(p) not in {id(g) for g in grams}]
        others = [p for p in network.parameters() if id(p) not in set_apart]
        deep = torch.optim.AdamW(
            [
                {"params": embeddings, "lr": rate / 2, "weight_decay": 0.0},
                {"params": others + (list(beside.parameters()) if beside else []), "lr": rate},
                *([{"params": blocks, "lr": recipe.block_rate}] if blocks else []),
            ],
            weight_decay=0.01,
            fused=True,
        )
        self._optimisers: list[torch.optim.Optimizer] = [deep]
        if matrices:
            # Four iterations, not five: the directions need not be equal to the last digit. The decay lies between that
            # of AdamW here and PyTorch's default, and was not tuned.
            muon = torch.optim.Muon(
                matrices, lr=recipe.matrix_rate, weight_decay=0.05, ns_steps=4, adjust_lr_fn="match_rms_adamw"
            )
            self._optimisers.append(muon)
        if grams:
            self._optimisers.append(torch.optim.SparseAdam(grams, lr=10 * rate))
        self._peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in self._optimisers]

    def set_rate(self, share: float) -> None:
        """Set the learning rates to a share of their highest values."""
        for optimiser, peaks in zip(self._optimisers, self._peaks, strict=True):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * share

    def step(self, losses: Logits, more: Tensor | None = None) -> tuple[float, ...]:
        """Learn from the losses of sentiment, themes, churn and its kinds, and of a lesson; return them as numbers."""
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        total = torch.stack(losses).dot(losses[0].new_tensor(self._loss_weights))
        if more is not None:
            total = total + more
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._clipped, 1.0)
        for optimiser in self._optimisers:
            optimiser.step()
        return tuple(loss.item() for loss in (*losses, *([] if more is None else [more])))

    def state(self) -> list[dict[str, Any]]:
        """Return what a checkpoint needs."""
        states = [optimiser.state_dict() for optimiser in self._optimisers]
        return [*states, self._beside.state_dict()] if self._beside else states

    def restore(self, states: list[dict[str, Any]]) -> None:
        """Go on from what `state` returned."""
        for optimiser, state in zip(self._optimisers, states[: len(self._optimisers)], strict=True):
            optimiser.load_state_dict(state)
        if self._beside:
            self._beside.load_state_dict(states[-1])


def _schedule(progress: float) -> float:
    """Warm up over 4 % of the stage, then a half cosine down to 2 % of the peak."""
    if progress < 0.04:  # noqa: PLR2004
        return progress / 0.04 + 0.01
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - 0.04) / 0.96)))


def _loss_of(
    network: FeedbackNetwork, examples: TokenisedExamples, batch: Batch, recipe: Recipe, around: Surroundings
) -> Logits:
    """Return the losses of sentiment, themes, churn and its kinds on one batch with some tokens hidden."""
    device, marks = next(network.parameters()).device, around.marks
    ids, mask = torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.mask).to(device)
    hidden = (torch.rand(ids.shape, device=device) < recipe.drop_tokens) & (ids != marks.begin) & (ids != marks.end)
    ids = ids.masked_fill(hidden & mask.bool(), marks.unknown)
    with autocast(device):
        logits = network(ids, mask, recipe.part)
    rows = batch.rows
    labels = (examples.sentiment[rows], examples.themes[rows], examples.churn[rows], examples.kinds[rows])
    losses = masked_losses(logits, labels)
    if around.judgements and recipe.judged:
        said = distilled_losses(logits, around.judgements.logits[rows])
        mixed = [torch.lerp(loss, soft, recipe.judged) for loss, soft in zip(losses, said, strict=True)]
        losses = mixed[0], mixed[1], mixed[2], mixed[3]
    return losses


def distilled_losses(logits: Logits, judged: NDArray[np.float16]) -> Logits:
    """Return the four losses against the probabilities of other networks (Hinton et al. 2015).

    These have an opinion on themes and churn where a set has no such labels; that on kinds counts where they read
    leaving.

    Args:
        logits: What the network says.
        judged: Logits of the others, (n, 24).
    """
    sentiment, themes, churn, kinds = (logit.float() for logit in logits)
    said = torch.from_numpy(judged.astype(np.float32)).to(sentiment.device)
    wanted = torch.split(said, [sentiment.shape[1], themes.shape[1], 1, kinds.shape[1]], 1)
    leaves = wanted[2].sigmoid()
    of_kinds = functional.binary_cross_entropy_with_logits(kinds, wanted[3].sigmoid(), reduction="none")
    return (
        functional.cross_entropy(sentiment, wanted[0].softmax(1)),
        functional.binary_cross_entropy_with_logits(themes, wanted[1].sigmoid()),
        functional.binary_cross_entropy_with_logits(churn, leaves[:, 0]),
        (of_kinds * leaves).sum() / (leaves.sum().clamp(min=1.0) * kinds.shape[1]),
    )


Labels = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Sentiment (n,), themes (n, 12), churn (n,) and its kinds (n, 8), with -1 for what is unknown."""


def masked_losses(logits: Logits, labels: Labels) -> Logits:
    """Return the four losses, each the mean over what is known: an unknown label is masked, never taken as absent."""
    sentiment, themes, churn, kinds = (logit.float() for logit in logits)
    target = torch.from_numpy(labels[0]).to(sentiment.device)
    known = (target >= 0).sum().clamp(min=1)
    of_sentiment = functional.cross_entropy(sentiment, target, ignore_index=-1, label_smoothing=0.05, reduction="sum")
    return (
        of_sentiment / known,
        _binary(themes, labels[1]),
        _binary(churn, labels[2]),
        _binary(kinds, labels[3]),
    )


def _binary(logits: Tensor, labels: NDArray[np.int64]) -> Tensor:
    target = torch.from_numpy(labels).to(logits.device)
    known = (target >= 0).float()
    loss = functional.binary_cross_entropy_with_logits(logits, target.clamp(min=0).float(), reduction="none")
    return (loss * known).sum() / known.sum().clamp(min=1)


def autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return bf16 autocast: on a GPU, and on a CPU whose cores multiply bf16 themselves."""
    capable = device.type == "cuda" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.autocast(device.type, dtype=torch.bfloat16) if capable else contextlib.nullcontext()


@torch.no_grad()
def predict(
    network: FeedbackNetwork, examples: TokenisedExamples, longest: int, marks: Marks, part: Part = "both"
) -> tuple[NDArray[np.float32], ...]:
    """Return the logits of all examples: sentiment (n, 3), themes (n, 12), churn (n,), kinds (n, 8).

    Texts are cut, not windowed.
    """
    device = next(network.parameters()).device
    network.eval()
    heads = (network.sentiment, network.themes, network.churn, network.kinds)
    out = [np.zeros((len(examples), head.out_features), np.float32) for head in heads]
    order = np.arange(len(examples))
    for batch in _evaluation_batches(examples, order, longest, marks):
        logits = network(torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.mask).to(device), part)
        for array, logit in zip(out, logits, strict=True):
            array[batch.rows] = logit.float().cpu().numpy().reshape(len(batch.rows), -1)
    return out[0], out[1], out[2][:, 0], out[3]


def _evaluation_batches(
    examples: TokenisedExamples, rows: NDArray[np.int64], longest: int, marks: Marks
) -> Iterator[Batch]:
    return batches(examples, rows, 8192, longest, (marks.padding, marks.begin, marks.end))


def _save(file: Path, identity: str, network: FeedbackNetwork, learner: Learner, done: int) -> None:
    state = {"network": network.state_dict(), "learner": learner.state(), "done": done, "identity": identity}
    partial = file.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(file)


def _restore(file: Path, identity: str, network: FeedbackNetwork, learner: Learner) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True, map_location="cpu")
    if state.get("identity") != identity:
        return 0
    network.load_state_dict(state["network"])
    learner.restore(state["learner"])
    return int(state["done"])
