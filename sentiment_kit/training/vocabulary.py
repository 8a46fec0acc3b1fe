"""The unigram tokenizer of the four languages, trained on the model's view of texts."""

from __future__ import annotations

import gzip
import itertools
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from sentiment_kit.text import URL_MASK, USER_MASK, for_model

PAD, UNKNOWN, BEGIN, END, MASK = "<pad>", "<unk>", "<s>", "</s>", "<mask>"
SPECIAL = [PAD, UNKNOWN, BEGIN, END, MASK, URL_MASK, USER_MASK]

# Emoji and other symbols stand alone, so that 😡😡 is two tokens and not a word of its own.
_SYMBOL = Regex(r"[\p{So}\p{Sk}\x{FE0F}\x{200D}\x{20E3}]")
_MAX_LINE = 2000


def new_tokenizer() -> Tokenizer:
    """Return an untrained tokenizer with the pre-tokenisation that the bundled model uses."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_SYMBOL, behavior="isolated"),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first"),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first")
    return tokenizer


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """Train a unigram tokenizer (Kudo 2018) of `size` pieces on normalised texts."""
    tokenizer = new_tokenizer()
    trainer = trainers.UnigramTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        unk_token=UNKNOWN,
        max_piece_length=12,
        shrinking_factor=0.7,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    begin, end = tokenizer.token_to_id(BEGIN), tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, begin), (END, end)]
    )
    return tokenizer


def spelling(tokenizer: Tokenizer) -> NDArray[np.int16]:
    """Return the numbers of the characters of each piece, (vocabulary, longest piece), 0 after the last.

    Padding has none; any other special piece is a character of its own.
    """
    vocabulary = tokenizer.get_vocab()
    spelled = {number: [piece] if piece in SPECIAL else list(piece) for piece, number in vocabulary.items()}
    spelled[vocabulary[PAD]] = []
    characters = sorted({character for piece in spelled.values() for character in piece})
    numbers = {character: number for number, character in enumerate(characters, 1)}
    table = np.zeros((len(spelled), max(map(len, spelled.values()))), np.int16)
    for number, piece in spelled.items():
        table[number, : len(piece)] = [numbers[character] for character in piece]
    return table


def language_texts(examples: Path, data: Path, language: str, characters: int, seed: int = 1) -> list[str]:
    """Return normalised texts of one language in random order, without copies, up to a number of characters.

    They come from the training side of the examples, the unlabelled sets and the raw text.
    """
    table = pq.read_table(examples, columns=["text"], filters=[("language", "=", language), ("side", "=", "train")])
    raw = itertools.chain.from_iterable(map(_lines, sorted((data / "raw" / language).glob("*.txt.gz"))))
    texts = list(dict.fromkeys(itertools.chain((value.as_py() for value in table["text"]), raw)))
    random.Random(seed).shuffle(texts)
    return [for_model(text).text for text in take((text[:_MAX_LINE] for text in texts), characters)]


def take(texts: Iterable[str], characters: int) -> Iterator[str]:
    """Yield texts until they have so many characters together."""
    for text in texts:
        if characters <= 0:
            return
        characters -= len(text)
        yield text


def _lines(file: Path) -> Iterator[str]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from (line.strip() for line in lines)
