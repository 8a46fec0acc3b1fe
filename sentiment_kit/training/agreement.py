"""How far two readers of the project's own feedback agree, from ``corpora/readers``.

A line holds ``id`` and the labels of the ``first`` reader, who wrote the text, and of the ``second``, who saw the text
and corpora/GUIDE.md alone: ``sentiment``, ``themes``, and ``churn`` as pairs of kind and phrase. The labels are those
before anything was settled between them. The first reader of ``labels`` read other people's texts, and no phrases.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Agreement:
    """How far two readers agree.

    Attributes:
        texts: Number of texts that both labelled.
        sentiment: Cohen's kappa of the sentiment.
        themes: Micro-F1 of the themes, one reader taken as right.
        churn: Cohen's kappa of whether there is churn.
        kind: Of the texts in which both see churn, the share with a kind in common.
        phrase: Of these, the share in which a phrase of one reader overlaps a phrase of the other; None where the
            readers marked no phrases.
    """

    texts: int
    sentiment: float
    themes: float
    churn: float
    kind: float
    phrase: float | None


def agreement(file: Path, texts: dict[str, str] | None) -> Agreement:
    """Return the agreement on the texts of one file.

    Args:
        file: A file of ``corpora/readers``.
        texts: The raw texts by id; None where the readers marked no phrases.
    """
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    both = [row for row in rows if row["first"]["churn"] and row["second"]["churn"]]
    common = sum(len(set(row["first"]["themes"]) & set(row["second"]["themes"])) for row in rows)
    given = sum(len(row[reader]["themes"]) for row in rows for reader in ("first", "second"))
    return Agreement(
        texts=len(rows),
        sentiment=kappa([_labels(row, "sentiment") for row in rows]),
        themes=2 * common / max(1, given),
        churn=kappa([(bool(row["first"]["churn"]), bool(row["second"]["churn"])) for row in rows]),
        kind=sum(bool(_kinds(row["first"]) & _kinds(row["second"])) for row in both) / max(1, len(both)),
        phrase=None if texts is None else sum(_overlap(row, texts[row["id"]]) for row in both) / max(1, len(both)),
    )


def kappa(pairs: Sequence[tuple[Any, Any]]) -> float:
    """Return Cohen's kappa (1960) of pairs of labels."""
    observed = sum(first == second for first, second in pairs) / len(pairs)
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    expected = sum(firsts[label] * seconds[label] for label in firsts) / len(pairs) ** 2
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)


def _labels(row: dict[str, Any], name: str) -> tuple[Any, Any]:
    return row["first"][name], row["second"][name]


def _kinds(labels: dict[str, Any]) -> set[str]:
    return {kind for kind, _ in labels["churn"]}


def _overlap(row: dict[str, Any], text: str) -> bool:
    spans = [
        [(text.find(phrase), text.find(phrase) + len(phrase)) for _, phrase in row[reader]["churn"] if phrase in text]
        for reader in ("first", "second")
    ]
    return any(a < d and c < b for a, b in spans[0] for c, d in spans[1])
