"""Draw reliability diagrams of sentiment by language, and print them as Markdown.

Of the texts to whose most probable sentiment the model gives a probability of about p, a share p should have it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import vl_convert

from sentiment_kit.encoder.bundle import Bundle, default_folder
from sentiment_kit.encoder.onnx import OnnxEncoder
from sentiment_kit.taxonomy import LANGUAGES
from sentiment_kit.training.evaluation import load_sides, predict_with, rows_of
from sentiment_kit.training.metrics import calibration_error

_BINS = 10
_FEWEST = 20  # texts of a bin that is shown


def main() -> None:
    """Read the options, score the texts, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=default_folder(), help="folder of the model (the bundled one)")
    parser.add_argument("--examples", type=Path, default=Path("build/corpora/examples.parquet"))
    parser.add_argument("--corpora", type=Path, default=Path("corpora"))
    parser.add_argument("--side", default="test", help="side of the table (test)")
    parser.add_argument("--out", type=Path, default=Path("docs/reliability.svg"), help="where the diagrams go")
    options = parser.parse_args()
    encoder = OnnxEncoder(Bundle.open(options.model))
    table = load_sides(options.examples, options.corpora, [options.side])[options.side]
    points: list[dict[str, Any]] = []
    print("| language | texts | calibration error | probability: share that is right (texts) |\n|---|---|---|---|")
    for language in LANGUAGES:
        rows = rows_of(table, language)
        rows = rows.select(np.flatnonzero(rows.sentiment >= 0))
        scores = predict_with(encoder, rows, language).sentiment
        found = _points(rows.sentiment, scores, language)
        points += found
        shown = ", ".join(f"{p['probability']:.2f}: {p['right']:.2f} ({p['texts']:,})" for p in found)
        print(f"| {language} | {len(rows.texts):,} | {calibration_error(rows.sentiment, scores):.3f} | {shown} |")
    _draw(points, options.out)


def _points(labels: np.ndarray[Any, Any], scores: np.ndarray[Any, Any], language: str) -> list[dict[str, Any]]:
    confidence, right = scores.max(1), scores.argmax(1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return [
        {
            "language": language,
            "probability": float(confidence[bins == b].mean()),
            "right": float(right[bins == b].mean()),
            "texts": int((bins == b).sum()),
        }
        for b in range(_BINS)
        if (bins == b).sum() >= _FEWEST
    ]


def _draw(points: list[dict[str, Any]], out: Path) -> None:
    axis = {"scale": {"domain": [0.3, 1]}, "type": "quantitative"}
    measured = {
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "probability", "title": "probability of the label", **axis},
            "y": {"field": "right", "title": "share that is right", **axis},
        },
    }
    ideal = {
        "data": {"values": [{"probability": 0.3, "right": 0.3}, {"probability": 1, "right": 1}]},
        "mark": {"type": "line", "strokeDash": [4, 4], "color": "gray"},
        "encoding": {"x": {"field": "probability", **axis}, "y": {"field": "right", **axis}},
    }
    chart = {
        "data": {"values": points},
        "facet": {"column": {"field": "language", "sort": list(LANGUAGES), "title": None}},
        "spec": {"width": 180, "height": 180, "layer": [ideal, measured]},
        "background": "white",
    }
    out.write_text(vl_convert.vegalite_to_svg(chart), encoding="utf-8")


if __name__ == "__main__":
    main()
