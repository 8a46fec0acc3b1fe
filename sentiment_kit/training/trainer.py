"""The training loop: masked multi-task losses, bf16 where it pays, checkpoints that a rerun continues from."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.training.examples import Batch, TokenisedExamples, batches, draw_weights


@dataclass(frozen=True)
class Recipe:
    """The settings of one training stage.

    Attributes:
        name: Name of the stage, used for its checkpoint.
        examples: Number of texts to draw, with repetition.
        rate: Highest learning rate of the transformer; embeddings learn at half of it.
        own_share: Share of the project's own feedback within each language.
        budget: Tokens a batch, padding included.
        longest: Tokens of a window.
        drop_tokens: Share of tokens hidden from the network, so that it does not lean on single words.
        seed: Seed of the draws.
        round_size: Texts between two checkpoints.
    """

    name: str
    examples: int
    rate: float
    own_share: float
    budget: int = 6144
    longest: int = 96
    drop_tokens: float = 0.1
    seed: int = 1
    round_size: int = 50_000


@dataclass(frozen=True)
class Marks:
    """Ids of the tokens that mark something."""

    padding: int
    unknown: int
    begin: int
    end: int


@dataclass(frozen=True)
class Surroundings:
    """What a stage works in.

    Attributes:
        marks: Ids of the tokenizer's marks.
        folder: Where checkpoints go.
        inputs: A hash of what is learnt from; a checkpoint of other inputs is not continued.
        report: Called with a line of progress after each round.
        evaluate: Says in a few words how good the network is by now.
    """

    marks: Marks
    folder: Path
    inputs: str
    report: Callable[[str], None]
    evaluate: Callable[[FeedbackNetwork], str]


def train(network: FeedbackNetwork, examples: TokenisedExamples, recipe: Recipe, around: Surroundings) -> None:
    """Run one stage, or what is left of it; the network holds the result.

    A checkpoint is written after each round, and a rerun with the same folder goes on from the last.
    """
    checkpoint, marks = around.folder / f"{recipe.name}.pt", around.marks
    optimiser = torch.optim.AdamW(
        [
            {"params": [network.tokens.weight], "lr": recipe.rate / 2, "weight_decay": 0.0},
            {"params": [p for n, p in network.named_parameters() if n != "tokens.weight"], "lr": recipe.rate},
        ],
        weight_decay=0.01,
        fused=True,
    )
    peaks = [group["lr"] for group in optimiser.param_groups]
    identity = json.dumps([asdict(recipe), around.inputs])
    done = _restore(checkpoint, identity, network, optimiser)
    weights = draw_weights(examples, recipe.own_share)
    begun, at_start = time.monotonic(), done
    while done < recipe.examples:
        size = min(recipe.round_size, recipe.examples - done)
        rows = np.random.default_rng([recipe.seed, done]).choice(len(weights), size, p=weights)
        network.train()
        losses = []
        for batch in batches(examples, rows, recipe.budget, recipe.longest, (marks.padding, marks.begin, marks.end)):
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * _schedule(done / recipe.examples)
            losses.append(_learn(network, optimiser, _loss_of(network, examples, batch, recipe, marks)))
            done += len(batch.rows)
        _save(checkpoint, identity, network, optimiser, done)
        speed = (done - at_start) / (time.monotonic() - begun)
        left = max(0.0, recipe.examples - done) / speed
        mean = np.mean(losses, axis=0)
        around.report(
            f"{recipe.name}: {done:,} of {recipe.examples:,} texts, {speed:.0f} texts/s, {left / 60:.0f} min left; "
            f"loss sentiment {mean[0]:.3f} themes {mean[1]:.3f} churn {mean[2]:.3f}; dev {around.evaluate(network)}"
        )


def _schedule(progress: float) -> float:
    """Warm up over 4 % of the stage, then a half cosine down to 2 % of the peak."""
    if progress < 0.04:  # noqa: PLR2004
        return progress / 0.04 + 0.01
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - 0.04) / 0.96)))


def _loss_of(
    network: FeedbackNetwork, examples: TokenisedExamples, batch: Batch, recipe: Recipe, marks: Marks
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the losses of sentiment, themes and churn on one batch with some tokens hidden."""
    device = next(network.parameters()).device
    ids, mask = torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.mask).to(device)
    hidden = (torch.rand(ids.shape, device=device) < recipe.drop_tokens) & (ids != marks.begin) & (ids != marks.end)
    ids = ids.masked_fill(hidden & mask.bool(), marks.unknown)
    with autocast(device):
        logits = network(ids, mask)
    return _losses(logits, examples, batch.rows, device)


def _learn(
    network: FeedbackNetwork, optimiser: torch.optim.Optimizer, losses: tuple[Tensor, Tensor, Tensor]
) -> tuple[float, float, float]:
    optimiser.zero_grad(set_to_none=True)
    (losses[0] + 2.0 * losses[1] + 0.5 * losses[2]).backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    return losses[0].item(), losses[1].item(), losses[2].item()


def _losses(
    logits: tuple[Tensor, Tensor, Tensor], examples: TokenisedExamples, rows: NDArray[np.int64], device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the three losses, each the mean over what is known: an unknown label is masked, never taken as absent."""
    sentiment, themes, churn = (logit.float() for logit in logits)
    target = torch.from_numpy(examples.sentiment[rows]).to(device)
    known = (target >= 0).sum().clamp(min=1)
    of_sentiment = functional.cross_entropy(sentiment, target, ignore_index=-1, label_smoothing=0.05, reduction="sum")
    return of_sentiment / known, _binary(themes, examples.themes[rows]), _binary(churn, examples.churn[rows])


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
    network: FeedbackNetwork, examples: TokenisedExamples, longest: int, marks: Marks
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the logits of all examples: sentiment (n, 3), themes (n, 12), churn (n,). Texts are cut, not windowed."""
    device = next(network.parameters()).device
    network.eval()
    out = [np.zeros((len(examples), width), np.float32) for width in (3, network.themes.out_features, 1)]
    order = np.arange(len(examples))
    for batch in _evaluation_batches(examples, order, longest, marks):
        logits = network(torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.mask).to(device))
        for array, logit in zip(out, (logits[0], logits[1], logits[2][:, None]), strict=True):
            array[batch.rows] = logit.float().cpu().numpy()
    return out[0], out[1], out[2][:, 0]


def _evaluation_batches(
    examples: TokenisedExamples, rows: NDArray[np.int64], longest: int, marks: Marks
) -> Iterator[Batch]:
    return batches(examples, rows, 8192, longest, (marks.padding, marks.begin, marks.end))


def _save(file: Path, identity: str, network: FeedbackNetwork, optimiser: torch.optim.Optimizer, done: int) -> None:
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "done": done}
    partial = file.with_suffix(".partial")
    torch.save({**state, "identity": identity}, partial)
    partial.replace(file)


def _restore(file: Path, identity: str, network: FeedbackNetwork, optimiser: torch.optim.Optimizer) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True, map_location="cpu")
    if state.get("identity") != identity:
        return 0
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["done"])
