"""Initial embeddings: continuous bag of words over token pieces, pseudo-bilingual through the translation pairs.

Mikolov et al. 2013 for the vectors; mixing the words of a sentence with those of its translation is after Gouws and
Søgaard 2015 and Vulić and Moens 2015. It gives the four languages one space before the first training step.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment_kit.text import for_model

_CHUNK = 20_000


def write_sentences(
    tokenizer: Tokenizer, by_language: dict[str, list[str]], data: Path, out: Path, seed: int = 1
) -> int:
    """Write every text and every translation pair as a line of pieces; return the number of lines.

    The two sides of a pair are shuffled together, so each word sees words of the other language around it.
    """
    rng = random.Random(seed)
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for texts in by_language.values():
            for pieces in _pieces(tokenizer, texts):
                file.write(" ".join(pieces) + "\n")
                count += 1
        for one, other in _pairs(data):
            for left, right in zip(_pieces(tokenizer, one), _pieces(tokenizer, other), strict=True):
                mixed = [*left[:60], *right[:60]]
                rng.shuffle(mixed)
                file.write(" ".join(mixed) + "\n")
                count += 1
    return count


def _pieces(tokenizer: Tokenizer, texts: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(texts), _CHUNK):
        encodings = tokenizer.encode_batch(texts[start : start + _CHUNK], add_special_tokens=False)
        yield from (encoding.tokens for encoding in encodings)


def _pairs(data: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the two sides of every training pair file, longest pairs cut away; ``EVAL_*`` files are left alone."""
    folders = [data / "parallel", data / "lexical" / "parallel"]
    for file in sorted(file for folder in folders for file in folder.glob("*/*.tsv.gz")):
        if file.name.startswith("EVAL_"):
            continue
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            rows = [line.rstrip("\n").split("\t")[:2] for line in lines if line.count("\t") >= 1]
        yield [for_model(row[0][:400]).text for row in rows], [for_model(row[1][:400]).text for row in rows]


def train_vectors(sentences: Path, tokenizer: Tokenizer, width: int, epochs: int, workers: int) -> NDArray[np.float32]:
    """Train CBOW vectors.

    Returns:
        An array of shape (vocabulary, width); pieces that were never seen get small random vectors.
    """
    from gensim.models import Word2Vec

    model = Word2Vec(
        corpus_file=str(sentences),
        vector_size=width,
        window=6,
        min_count=3,
        sg=0,
        negative=8,
        sample=1e-4,
        epochs=epochs,
        workers=workers,
        seed=1,
    )
    found = model.wv
    vectors = np.random.default_rng(1).normal(0, 0.1, (tokenizer.get_vocab_size(), width)).astype(np.float32)
    for piece, index in tokenizer.get_vocab().items():
        if piece in found:
            vectors[index] = found[piece]
    scaled: NDArray[np.float32] = vectors / vectors.std()
    return scaled
