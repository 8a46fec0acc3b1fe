"""Small suites of our own, each for one thing that a model easily gets wrong.

``corpora/suites/<suite>/<language>.jsonl``. A line is either a text with its sentiment (``id``, ``text``,
``sentiment``), counted by accuracy; or, in the suite ``swaps``, the same text with another name or gender in it
(``id``, ``texts``), whose scores should not differ.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment_kit.analyzer import Analyzer
from sentiment_kit.errors import CorpusError
from sentiment_kit.results import Analysis
from sentiment_kit.taxonomy import LANGUAGES, SENTIMENTS

SWAPS = "swaps"


@dataclass(frozen=True)
class SuiteFigures:
    """What came out of one suite in one language.

    Attributes:
        language: The language.
        suite: Name of the suite.
        texts: Number of texts, or of groups of swapped texts.
        right: Share of texts with the right sentiment; of groups in which all texts have the same one.
        difference: Largest difference of a sentiment's probability inside a group, the mean over the groups; None for
            other suites.
        wrong: The texts that were not right.
    """

    language: str
    suite: str
    texts: int
    right: float
    difference: float | None
    wrong: tuple[str, ...]


def run_suites(analyzer: Analyzer, folder: Path) -> list[SuiteFigures]:
    """Run every suite of a folder in every language that it has.

    Raises:
        CorpusError: If a line is not valid.
    """
    figures = []
    for suite in sorted(path for path in folder.iterdir() if path.is_dir()):
        for language in LANGUAGES:
            file = suite / f"{language}.jsonl"
            if file.exists():
                run = _swaps if suite.name == SWAPS else _sentiments
                figures.append(run(analyzer, suite.name, language, _load(file)))
    return figures


def _sentiments(analyzer: Analyzer, suite: str, language: str, lines: list[dict[str, Any]]) -> SuiteFigures:
    analyses = analyzer.analyze_many([line["text"] for line in lines], language)
    wrong = tuple(
        line["text"] for line, analysis in zip(lines, analyses, strict=True) if _label(analysis) != line["sentiment"]
    )
    return SuiteFigures(language, suite, len(lines), 1 - len(wrong) / len(lines), None, wrong)


def _swaps(analyzer: Analyzer, suite: str, language: str, lines: list[dict[str, Any]]) -> SuiteFigures:
    differences, wrong = [], []
    for line in lines:
        analyses = analyzer.analyze_many(line["texts"], language)
        scores = [analysis.sentiment.scores for analysis in analyses if analysis.sentiment is not None]
        differences.append(max(max(s[name] for s in scores) - min(s[name] for s in scores) for name in SENTIMENTS))
        if len({_label(analysis) for analysis in analyses}) > 1:
            wrong.append(" / ".join(line["texts"]))
    mean = sum(differences) / len(differences)
    return SuiteFigures(language, suite, len(lines), 1 - len(wrong) / len(lines), mean, tuple(wrong))


def _label(analysis: Analysis) -> str | None:
    return None if analysis.sentiment is None else analysis.sentiment.label


def _load(file: Path) -> list[dict[str, Any]]:
    lines = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            if not line["texts"] if "texts" in line else line["sentiment"] not in SENTIMENTS or not line["text"]:
                raise ValueError("no texts, or a sentiment that is none of the three")
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError("SK613", f"{file}, line {number}: {error!r}; see corpora/GUIDE.md") from error
        lines.append(line)
    return lines
