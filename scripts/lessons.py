"""Print what lessons beside the labels are worth: short runs that go on from a bundle with each choice of lessons.

Each run draws the same texts in the stage `own`, at two thirds of its rate. A cell holds macro-F1 / negative-positive
balanced accuracy, means over sets, on at most 1,000 rows a set and language; the row `none` is without any lesson, `-`
the bundle itself. Checkpoints go to --folder; a rerun goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer

from sentiment_kit.encoder.bundle import TOKENIZER_FILE, Bundle, default_folder
from sentiment_kit.encoder.network import FeedbackNetwork
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.calibration import NEGATIVE_BIAS
from sentiment_kit.training.default import STAGES, Sources, load_sides, marks_of
from sentiment_kit.training.evaluation import sample, sentiment_cell
from sentiment_kit.training.examples import TokenisedExamples
from sentiment_kit.training.trainer import Marks, Surroundings, predict, train

_STAGE = next(stage for stage in STAGES if stage.name == "own")
_RATES = {"rate": _STAGE.rate * 2 / 3, "matrix_rate": _STAGE.matrix_rate * 2 / 3}


def main() -> None:
    """Read the options, train and measure with each choice of lessons, print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--prepared", type=Path, default=Path("build/text"))
    parser.add_argument("--templates", type=Path, default=Path("corpora/templates"))
    parser.add_argument("--base", type=Path, default=default_folder(), help="bundle to go on from (the bundled model)")
    parser.add_argument("--folder", type=Path, default=Path("build/lessons"))
    parser.add_argument("--texts", type=int, default=20_000, help="texts that each run learns from (20000)")
    parser.add_argument(
        "--lessons", nargs="+", default=["none", "templates", "templates,words"], help="choices, joined by commas"
    )
    options = parser.parse_args()
    base = Bundle.open(options.base)
    tokenizer = Tokenizer.from_file(str(base.file(TOKENIZER_FILE)))
    sides = load_sides(options.examples, tokenizer, ("train", "dev", "eval"), print)
    measured = {side: sample(sides.tokens[side]) for side in ("dev", "eval")}
    sources, marks = Sources(options.prepared, options.templates, base), marks_of(tokenizer)
    options.folder.mkdir(parents=True, exist_ok=True)
    cells = [f"{code} {side}" for side in measured for code in LANGUAGES]
    print("| lessons | " + " | ".join(cells) + " | themes AP | churn AP |")
    print("|---" * (3 + len(cells)) + "|", flush=True)
    for choice in ["-", *options.lessons]:
        network, _, begun = sources.beginning(tokenizer)
        if choice != "-":
            recipe = replace(
                _STAGE, name=f"lessons {choice}", examples=options.texts, lessons=_names(choice), judged=0.0, **_RATES
            )
            lesson, made_from = sources.lesson(recipe, network.shape, tokenizer)
            inputs = f"{begun} {sides.tokens['train'].digest()}{made_from}"
            around = Surroundings(marks, options.folder, inputs, print, lambda network, part: "")
            train(network, sides.tokens["train"], recipe, around, lesson)
        print(f"| {choice} | {_figures(network.cpu().eval(), measured, marks)} |", flush=True)


def _names(choice: str) -> tuple[str, ...]:
    names = () if choice == "none" else tuple(choice.split(","))
    if not set(names) <= {"meanings", "templates", "words"}:
        raise SystemExit(f"--lessons {choice}: wanted none, or some of meanings, templates, words with commas between")
    return names


def _figures(network: FeedbackNetwork, measured: dict[str, TokenisedExamples], marks: Marks) -> str:
    """Return a row's cells."""
    cells, logits = (
        [],
        {side: predict(network, rows, network.shape.positions, marks) for side, rows in measured.items()},
    )
    for side, rows in measured.items():
        scores = logits[side][0] + np.array([NEGATIVE_BIAS, 0.0, 0.0])
        cells += [sentiment_cell(rows, scores, language) for language in range(len(LANGUAGES))]
    dev = measured["dev"]
    for labels, scores in ((dev.themes, logits["dev"][1]), (dev.churn, logits["dev"][2])):
        cells.append(f"{average_precision_score(labels[labels >= 0], scores[labels >= 0]):.3f}")
    return " | ".join(cells)


if __name__ == "__main__":
    main()
