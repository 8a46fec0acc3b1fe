"""Train a larger network on the labels, and write what it says of the training side for the small one to learn.

Its blocks begin as those of an English sentence encoder, its tokens where a bundle's network puts them. Run
scripts/build_corpora.py, prepare_text.py, prepare_meanings.py and prepare_words.py first. A rerun continues from the
last checkpoint under --run.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.training.default import JUDGEMENTS_FILE, Sources, load_sides, marks_of
from sentiment_kit.training.distillation import fit_large, judge
from sentiment_kit.training.examples import draw_weights


def main() -> None:
    """Read the options, train, judge, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, required=True, help="folder of the encoder: config, weights, tokenizer")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--text", type=Path, default=Path("build/text"), help="folder of tokenizer.json; written to")
    parser.add_argument("--templates", type=Path, default=Path("corpora/templates"))
    parser.add_argument("--base", type=Path, default=default_folder(), help="bundle of the small network (the bundled)")
    parser.add_argument("--run", type=Path, default=Path("build/large"), help="folder for checkpoints (build/large)")
    parser.add_argument("--judge", type=int, default=300_000, help="texts to judge, as training draws them (300000)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {line}", flush=True)

    base = Bundle.open(options.base)
    tokenizer = Tokenizer.from_file(str(base.file(TOKENIZER_FILE)))
    sources = Sources(options.text, options.templates, base)
    sources.check(JUDGEMENTS_FILE)
    sides = load_sides(options.examples, tokenizer, ("train", "dev"), say)
    network = fit_large(sides, sources, options.teacher, options.run, say)
    examples = sides.tokens["train"]
    weights = draw_weights(examples, own_share=0.5)
    count = min(options.judge, int((weights > 0).sum()))
    rows = np.sort(np.random.default_rng(1).choice(len(weights), count, replace=False, p=weights))
    judge(network, examples, rows, marks_of(tokenizer), say).save(options.text / JUDGEMENTS_FILE)
    say(f"wrote {options.text / JUDGEMENTS_FILE}")


if __name__ == "__main__":
    main()
