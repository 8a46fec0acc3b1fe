"""How well the network's space joins the languages: is a sentence's translation the nearest of all candidates?"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.errors import CorpusError
from sentiment_kit.text import for_model
from sentiment_kit.training.vocabulary import BEGIN, END, PAD

_CANDIDATES = 1000
_BATCH = 100


@dataclass(frozen=True)
class Retrieval:
    """Accuracy on one file of translation pairs.

    Attributes:
        languages: The two languages, as ``en-ja``.
        name: The file's name without ``EVAL_``.
        pairs: Number of pairs, which is that of the candidates.
        accuracy: Share of sentences whose translation is the nearest by cosine, mean of both directions.
    """

    languages: str
    name: str
    pairs: int
    accuracy: float


def retrieval(network: FeedbackNetwork, tokenizer: Tokenizer, data: Path) -> list[Retrieval]:
    """Measure on the first thousand pairs of each ``parallel/*/EVAL_*`` file; vectors are means of the last states.

    Raises:
        CorpusError: If there is no such file.
    """
    found = []
    files = sorted((data / "parallel").glob("*/EVAL_*.tsv.gz"))
    if not files:
        raise CorpusError("SK626", f"{data} holds no parallel/*/EVAL_*.tsv.gz to measure on")
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            pairs = [line.rstrip("\n").split("\t")[:2] for line, _ in zip(lines, range(_CANDIDATES), strict=False)]
        one, other = (_vectors(network, tokenizer, [pair[side] for pair in pairs]) for side in (0, 1))
        near, right = one @ other.T, np.arange(len(pairs))
        accuracy = ((near.argmax(1) == right).mean() + (near.argmax(0) == right).mean()) / 2
        name = file.name.removeprefix("EVAL_").removesuffix(".tsv.gz")
        found.append(Retrieval(file.parent.name, name, len(pairs), float(accuracy)))
    return found


@torch.no_grad()
def _vectors(network: FeedbackNetwork, tokenizer: Tokenizer, texts: list[str]) -> NDArray[np.float32]:
    """Return vectors of length 1, (n, width)."""
    marks = [tokenizer.token_to_id(mark) for mark in (BEGIN, END, PAD)]
    out = []
    for start in range(0, len(texts), _BATCH):
        encodings = tokenizer.encode_batch(
            [for_model(text).text for text in texts[start : start + _BATCH]], add_special_tokens=False
        )
        lines = [[marks[0], *encoding.ids[: network.shape.positions - 2], marks[1]] for encoding in encodings]
        width = max(map(len, lines))
        ids = torch.tensor([line + [marks[2]] * (width - len(line)) for line in lines])
        keep = torch.tensor([[1.0] * len(line) + [0.0] * (width - len(line)) for line in lines])
        out.append(network.pooled(ids, keep)[:, : network.shape.width])
    vectors: NDArray[np.float32] = torch.nn.functional.normalize(torch.cat(out), dim=1).numpy()
    return vectors
