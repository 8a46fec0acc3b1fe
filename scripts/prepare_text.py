"""Train the tokenizer and the initial embeddings on the training texts, the raw text and the translation pairs."""

from __future__ import annotations

import argparse
import itertools
import os
import time
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.vectors import train_vectors, write_sentences
from sentiment_kit.training.vocabulary import language_texts, take, train_tokenizer


def main() -> None:
    """Read the options, train, write ``tokenizer.json`` and ``vectors.npy``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with raw/ and parallel/")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--out", type=Path, default=Path("build/text"))
    parser.add_argument(
        "--tokenizer",
        type=Path,
        help="use this tokenizer.json and train none; --size and --piece-characters say nothing",
    )
    parser.add_argument("--size", type=int, default=32_000, help="pieces of the vocabulary (32000)")
    parser.add_argument("--width", type=int, default=256, help="width of the embeddings (256)")
    parser.add_argument("--epochs", type=int, default=4, help="passes over the text for the embeddings (4)")
    parser.add_argument("--characters", type=int, default=40_000_000, help="characters a language at most (40 million)")
    parser.add_argument("--piece-characters", type=int, default=9_000_000, help="of these for the pieces (9 million)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    given = Tokenizer.from_file(str(options.tokenizer)) if options.tokenizer else None
    texts = {
        language: language_texts(options.examples, options.data, language, options.characters) for language in LANGUAGES
    }
    say(", ".join(f"{language}: {sum(map(len, texts[language])):,} characters" for language in LANGUAGES))
    tokenizer = given
    if tokenizer is None:
        # A Japanese character carries about as much as two of an alphabet.
        wanted = {language: options.piece_characters // (2 if language == "ja" else 1) for language in LANGUAGES}
        samples = itertools.chain.from_iterable(take(texts[language], wanted[language]) for language in LANGUAGES)
        tokenizer = train_tokenizer(samples, options.size)
    tokenizer.save(str(options.out / "tokenizer.json"))
    say(f"{tokenizer.get_vocab_size():,} pieces; " + _quality(tokenizer, texts))
    lines = write_sentences(tokenizer, texts, options.data, options.out / "sentences.txt")
    say(f"{lines:,} lines of pieces")
    vectors = train_vectors(
        options.out / "sentences.txt", tokenizer, options.width, options.epochs, os.cpu_count() or 1
    )
    np.save(options.out / "vectors.npy", vectors)
    say(f"vectors of shape {vectors.shape}")


def _quality(tokenizer, texts) -> str:  # noqa: ANN001
    unknown = tokenizer.token_to_id("<unk>")
    parts = []
    for language, all_texts in texts.items():
        sample = all_texts[:: max(1, len(all_texts) // 5000)]
        ids = [i for encoding in tokenizer.encode_batch(sample, add_special_tokens=False) for i in encoding.ids]
        share = ids.count(unknown) / len(ids)
        parts.append(f"{language} {sum(map(len, sample)) / len(ids):.2f} characters a token, {share:.4%} unknown")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
