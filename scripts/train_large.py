"""Train a larger network on the labels, whose judgement the small one learns from (scripts/prepare_judgements.py).

Its blocks begin as those of an English sentence encoder, its tokens where a bundle's network puts them. Run
scripts/build_corpora.py, prepare_text.py, prepare_meanings.py and prepare_words.py first. A rerun continues from the
last checkpoint under --run.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.training.default import Sources, load_sides
from sentiment_kit.training.distillation import fit_large


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the encoder: config, weights, tokenizer")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument(
        "--text", type=Path, default=Path("build/text"), help="folder of tokenizer.json, meanings.npz and words.tsv"
    )
    parser.add_argument("--templates", type=Path, default=Path("corpora/templates"))
    parser.add_argument("--base", type=Path, default=default_folder(), help="bundle of the small network (the bundled)")
    parser.add_argument("--run", type=Path, default=Path("build/large"), help="folder for checkpoints (build/large)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    base = Bundle.open(options.base)
    sources = Sources(options.text, options.templates, base)
    sources.check()
    sides = load_sides(options.examples, Tokenizer.from_file(str(base.file(TOKENIZER_FILE))), ("train", "dev"), say)
    fit_large(sides, sources, options.teacher, options.run, say)


if __name__ == "__main__":
    main()
