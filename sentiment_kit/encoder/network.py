"""The three-headed transformer, in torch: what is trained, and what ``model.safetensors`` holds the weights of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sentiment_kit.taxonomy import SENTIMENTS, THEMES


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
    """

    vocabulary: int
    width: int = 256
    layers: int = 4
    heads: int = 4
    inner: int = 768
    positions: int = 128

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


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
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """Return new states; `states` (batch, tokens, width), `bias` (batch, 1, 1, tokens) is added to the scores."""
        batch, tokens, width = states.shape
        mixed = self.queries_keys_values(self.norm_attention(states))
        queries, keys, values = mixed.view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias.to(queries.dtype))
        states = states + self.dropout(self.output(attended.transpose(1, 2).reshape(batch, tokens, width)))
        result: Tensor = states + self.dropout(self.outer(functional.gelu(self.inner(self.norm_inner(states)))))
        return result


class FeedbackNetwork(nn.Module):
    """Token ids to the logits of sentiment, complaint themes and churn."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        """Create the layers with random weights."""
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm_tokens = nn.LayerNorm(shape.width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm_out = nn.LayerNorm(shape.width)
        self.sentiment = nn.Linear(2 * shape.width, len(SENTIMENTS))
        self.themes = nn.Linear(2 * shape.width, len(THEMES))
        self.churn = nn.Linear(2 * shape.width, 1)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score windows of tokens.

        Args:
            ids: Token ids, (batch, tokens), padded on the right with any id.
            mask: 1 for a token, 0 for padding, (batch, tokens).

        Returns:
            Logits of sentiment (batch, 3), themes (batch, 12) and churn (batch,).
        """
        keep = mask.to(torch.float32)
        bias = ((1.0 - keep) * -30000.0)[:, None, None, :]
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.dropout(self.norm_tokens(self.tokens(ids) + self.positions(places)))
        for block in self.blocks:
            states = block(states, bias)
        states = self.norm_out(states).float()
        mean = (states * keep[:, :, None]).sum(1) / keep.sum(1, keepdim=True)
        top = (states + bias[:, 0, 0, :, None]).amax(1)
        pooled = self.dropout(torch.cat([mean, top], 1))
        return self.sentiment(pooled), self.themes(pooled), self.churn(pooled)[:, 0]
