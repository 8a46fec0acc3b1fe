"""The three-headed network, in torch: what is trained, and what ``model.safetensors`` holds the weights of.

Wide and deep (Cheng et al. 2016): a transformer, which generalises, beside a linear model over hashed n-grams of pieces
and characters, which remembers what exactly was said. Their logits are added. Kinds of churn, for which there are few
examples, are the transformer's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.taxonomy import CHURN_KINDS, SENTIMENTS, THEMES

Logits = tuple[Tensor, Tensor, Tensor, Tensor]

Part = Literal["both", "transformer", "grams"]
"""A part of the network that can be trained by itself."""


@dataclass(frozen=True)
class Shape:
    """The size of a network.

    Attributes:
        vocabulary: Number of token ids.
        width: Size of a token's vector.
        layers: Number of transformer blocks.
        heads: Attention heads of a block; divides `width`.
        inner: Size of a block's inner layer.
        positions: Longest window in tokens.
        grams: Rows of the table of n-grams: one for each piece, and the rest shared by all pairs of pieces and all runs
            of characters; more than `vocabulary`, or 0 for no such table.
        letters: Characters of the longest piece; 0 if the n-grams are of pieces alone.
    """

    vocabulary: int
    width: int = 256
    layers: int = 3
    heads: int = 4
    inner: int = 768
    positions: int = 128
    grams: int = 0
    letters: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


class Dropout(nn.Module):
    """Dropout in steps of 1/256, with eight activations decided by one random number.

    PyTorch's draws a number for each, which is slow on a CPU.
    """

    def __init__(self, share: float) -> None:
        """Keep the share of activations that training drops."""
        super().__init__()
        self.dropped = round(share * 256)

    def forward(self, states: Tensor) -> Tensor:
        """Return the states, in training with some set to 0 and the others enlarged."""
        if not self.training or not self.dropped:
            return states
        numbers = torch.empty(-(-states.numel() // 8), dtype=torch.int64, device=states.device).random_(_LOWEST, None)
        keep = numbers.view(torch.uint8)[: states.numel()].view(states.shape) >= self.dropped
        return states * keep * (256 / (256 - self.dropped))


_LOWEST = -(2**63)


class Block(nn.Module):
    """A pre-norm transformer block (Xiong et al. 2020)."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        """Create the layers."""
        super().__init__()
        self.heads = shape.heads
        self.norm_attention = nn.LayerNorm(shape.width)
        self.queries_keys_values = nn.Linear(shape.width, 3 * shape.width)
        self.output = nn.Linear(shape.width, shape.width)
        self.norm_inner = nn.LayerNorm(shape.width)
        self.inner = nn.Linear(shape.width, shape.inner)
        self.outer = nn.Linear(shape.inner, shape.width)
        self.dropout = Dropout(dropout)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """Return new states; `states` (batch, tokens, width), `bias` (batch, 1, 1, tokens) is added to the scores."""
        states = states + self.dropout(self.attend(self.norm_attention(states), bias))
        result: Tensor = states + self.dropout(self.outer(functional.gelu(self.inner(self.norm_inner(states)))))
        return result

    def attend(self, states: Tensor, bias: Tensor) -> Tensor:
        """Return what attention makes of the states, (batch, tokens, width)."""
        batch, tokens, width = states.shape
        mixed = self.queries_keys_values(states)
        queries, keys, values = mixed.view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: on a CPU PyTorch's fused attention is slow to differentiate, and windows are short.
        scores = queries * queries.shape[-1] ** -0.5 @ keys.transpose(-1, -2) + bias
        attended = scores.softmax(-1).to(values.dtype) @ values
        result: Tensor = self.output(attended.transpose(1, 2).reshape(batch, tokens, width))
        return result


class Grams(nn.Module):
    """A linear model over a window's pieces, its pairs of neighbouring pieces and its runs of two to four characters.

    Pairs and runs are hashed into a table (Weinberger et al. 2009). The sum of the weights of the pieces and pairs, and
    that of the runs, is divided by the square root of their number, as the Euclidean norm of TF-IDF does for a text
    that repeats nothing. Runs cross the borders of pieces, which fall elsewhere from one inflection to the next.
    """

    def __init__(self, shape: Shape, outputs: int) -> None:
        """Create a table of zeros, with which a new model changes nothing, and pieces without characters."""
        super().__init__()
        self.first_shared = shape.vocabulary
        self.shared = shape.grams - shape.vocabulary
        self.weights = nn.Embedding(shape.grams, outputs, sparse=True)
        nn.init.zeros_(self.weights.weight)
        self.spelling: Tensor
        spelling = torch.zeros((shape.vocabulary, shape.letters), dtype=torch.int16)
        self.register_buffer("spelling", spelling, persistent=shape.letters > 0)

    def forward(self, ids: Tensor, keep: Tensor) -> Tensor:
        """Return logits (batch, outputs); `ids` and `keep` are (batch, tokens), `keep` 1 for a token."""
        pairs = (ids[:, :-1] * _LEFT + ids[:, 1:] * _RIGHT + _OFFSET) % self.shared + self.first_shared
        pieces = torch.cat([ids, pairs], 1)
        total = self._sum(pieces, torch.cat([keep, keep[:, :-1] * keep[:, 1:]], 1))
        if self.spelling.shape[1]:
            total = total + self._sum(*self._runs(self._characters(ids, keep)))
        return total

    def _sum(self, rows: Tensor, kept: Tensor) -> Tensor:
        """Return the sum of the weights of those rows that are kept over the root of their number, (batch, outputs)."""
        result: Tensor = (self.weights(rows) * kept[:, :, None]).sum(1) * kept.sum(1, keepdim=True).clamp(min=1).rsqrt()
        return result

    def _characters(self, ids: Tensor, keep: Tensor) -> Tensor:
        """Return the numbers of a window's characters without gaps, (batch, room); 0 follows the last."""
        spelled = (self.spelling[ids].long() * keep.long()[:, :, None]).flatten(1)
        there = (spelled > 0).long()
        order = there.cumsum(1) - 1
        fits = there * (order < keep.long().sum(1, keepdim=True) * _ROOM)  # as many whatever the padding
        room = ids.shape[1] * _ROOM
        place = order * fits + room * (1 - fits)
        return spelled.new_zeros((ids.shape[0], room + 1)).scatter_add(1, place, spelled)[:, :room]

    def _runs(self, characters: Tensor) -> tuple[Tensor, Tensor]:
        """Return the rows of all runs of two to four characters and 1 for those that lie within the text."""
        run, rows, kept = characters, [], []
        for length in range(2, _LONGEST_RUN + 1):
            last = characters[:, length - 1 :]
            run = (run[:, :-1] * _RUN + last * _LAST + length) % self.shared
            rows.append(run + self.first_shared)
            kept.append((last > 0).to(torch.float32))
        return torch.cat(rows, 1), torch.cat(kept, 1)


_LEFT, _RIGHT, _OFFSET = 40_503, 10_007, 77
_RUN, _LAST = 91_193, 7_919
"""Odd factors that spread n-grams over the table; any would do, but a trained table needs the same ones."""

_LONGEST_RUN = 4
_ROOM = 6
"""Characters a token at most, on average over a window: what goes beyond has no runs. Reviews have two to five."""


class FeedbackNetwork(nn.Module):
    """Token ids to the logits of sentiment, complaint themes and churn."""

    def __init__(self, shape: Shape, dropout: float = 0.1, drop_grams: float = 0.3) -> None:
        """Create the layers with random weights.

        Args:
            shape: The sizes.
            dropout: Share of activations that training drops.
            drop_grams: Share of texts that training scores without their n-grams, so that the transformer learns to
                stand alone.
        """
        super().__init__()
        self.shape = shape
        self.drop_grams = drop_grams
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm_tokens = nn.LayerNorm(shape.width)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm_out = nn.LayerNorm(shape.width)
        self.sentiment = nn.Linear(2 * shape.width, len(SENTIMENTS))
        self.themes = nn.Linear(2 * shape.width, len(THEMES))
        self.churn = nn.Linear(2 * shape.width, 1)
        self.kinds = nn.Linear(2 * shape.width, len(CHURN_KINDS))
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        self.grams = Grams(shape, len(SENTIMENTS) + len(THEMES) + 1) if shape.grams else None

    def forward(self, ids: Tensor, mask: Tensor, part: Part = "both") -> Logits:
        """Score windows of tokens.

        Args:
            ids: Token ids, (batch, tokens), padded on the right with any id.
            mask: 1 for a token, 0 for padding, (batch, tokens).
            part: Which part of the network scores.

        Returns:
            Logits of sentiment (batch, 3), themes (batch, 12), churn (batch,) and its kinds (batch, 8), these last
            meant for a text that leaves.
        """
        keep = mask.to(torch.float32)
        if part == "grams" and self.grams is not None:
            logits = functional.pad(self.grams(ids, keep), (0, len(CHURN_KINDS)))
        else:
            logits = self._deep(ids, keep)
            if part == "both" and self.grams is not None:
                wide = self.grams(ids, keep)
                if self.training:
                    wide = wide * (torch.rand(len(wide), 1, device=wide.device) >= self.drop_grams)
                logits = logits + functional.pad(wide, (0, len(CHURN_KINDS)))
        sentiment, themes, churn, kinds = torch.split(logits, [len(SENTIMENTS), len(THEMES), 1, len(CHURN_KINDS)], 1)
        return sentiment, themes, churn[:, 0], kinds

    def _deep(self, ids: Tensor, keep: Tensor) -> Tensor:
        """Return the transformer's logits of all outputs, (batch, 24)."""
        pooled = self.dropout(self.pooled(ids, keep))
        return torch.cat([self.sentiment(pooled), self.themes(pooled), self.churn(pooled), self.kinds(pooled)], 1)

    def pooled(self, ids: Tensor, keep: Tensor) -> Tensor:
        """Return the mean and the largest of the transformer's last states, (batch, 2 x width)."""
        bias = ((1.0 - keep) * -30000.0)[:, None, None, :]
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.dropout(self.norm_tokens(self.tokens(ids) + self.positions(places)))
        for block in self.blocks:
            states = block(states, bias)
        states = self.norm_out(states).float()
        mean = (states * keep[:, :, None]).sum(1) / keep.sum(1, keepdim=True)
        top = (states + bias[:, 0, 0, :, None]).amax(1)
        return torch.cat([mean, top], 1)


_TABLES = ("tokens.weight", "grams.weights.weight")


def to_stored(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights as ``model.safetensors`` holds them: fp16, and the two large tables as int8 with a scale a row.

    So the ONNX file has the tables, too; in fp16 the bundle would be 14 MB larger.
    """
    stored = {}
    for name, tensor in state.items():
        if name in _TABLES:
            table = tensor.float()
            scale = (table.abs().amax(1, keepdim=True) / 127).half()
            stored[f"{name}.int8"] = (table / scale.float().clamp(min=1e-7)).round().clamp(-127, 127).to(torch.int8)
            stored[f"{name}.scale"] = scale
        else:
            stored[name] = tensor.half().contiguous() if tensor.is_floating_point() else tensor
    return stored


def from_stored(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the fp32 weights of what `to_stored` returned."""
    state = {}
    for name, tensor in stored.items():
        if name.endswith(".int8"):
            table = name.removesuffix(".int8")
            state[table] = tensor.float() * stored[f"{table}.scale"].float()
        elif not name.endswith(".scale"):
            state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state
