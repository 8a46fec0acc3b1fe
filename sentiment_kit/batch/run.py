"""The run: read a chunk, analyse it, write it, and count what came out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from sentiment_kit.analyzer import Analyzer
from sentiment_kit.batch.readers import find_text_column, open_source
from sentiment_kit.batch.rows import COLUMNS, columns_of
from sentiment_kit.batch.writers import check_target, open_writer
from sentiment_kit.errors import FileFormatError
from sentiment_kit.results import Analysis
from sentiment_kit.taxonomy import CHURN_LEVELS

_EXAMPLES = 12


@dataclass
class Summary:
    """Counts of a run, and the surest examples of customers who leave.

    Attributes:
        rows: Number of rows read and written.
        languages: Rows by language code.
        sentiments: Rows by (language, sentiment).
        themes: Rows by complaint theme.
        levels: Rows by churn level.
        kinds: Rows by churn kind.
        errors: Rows that could not be scored, by the code of the error.
        messages: The first message of each code.
        leaving: The flagged analyses with the highest churn scores of each language, highest first.
    """

    rows: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[tuple[str, str]] = field(default_factory=Counter)
    themes: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    messages: dict[str, str] = field(default_factory=dict)
    leaving: dict[str, list[Analysis]] = field(default_factory=dict)

    def add(self, analysis: Analysis) -> None:
        """Count one analysis."""
        self.rows += 1
        if analysis.error is not None:
            code = analysis.error.partition(":")[0]
            self.errors[code] += 1
            self.messages.setdefault(code, analysis.error)
            return
        self.languages[analysis.language.code] += 1
        if analysis.sentiment is not None:
            self.sentiments[analysis.language.code, analysis.sentiment.label] += 1
        self.themes.update(theme.name for theme in analysis.themes)
        if analysis.churn is None:
            return
        self.levels[analysis.churn.level] += 1
        self.kinds.update({phrase.kind for phrase in analysis.churn.phrases})
        if analysis.churn.phrases:
            surest = self.leaving.setdefault(analysis.language.code, [])
            surest.append(analysis)
            surest.sort(key=_by_risk)
            del surest[_EXAMPLES:]

    def examples(self) -> list[Analysis]:
        """Return the surest examples, the languages in turn, so that none hides the others."""
        rounds = zip_longest(*self.leaving.values())
        return [analysis for turn in rounds for analysis in turn if analysis is not None][:_EXAMPLES]


def _by_risk(analysis: Analysis) -> tuple[int, float]:
    assert analysis.churn is not None  # noqa: S101  only flagged analyses are ranked
    return -CHURN_LEVELS.index(analysis.churn.level), -analysis.churn.score


def score_file(  # noqa: PLR0913  the options of a run
    analyzer: Analyzer,
    source: Path,
    target: Path,
    *,
    text: str | None = None,
    language: str | None = None,
    encoding: str = "utf-8",
    progress: Callable[[int, int | None], None] = lambda rows, total: None,
) -> Summary:
    """Score every row of a table and write it with the ``sk_`` columns added.

    Args:
        analyzer: What scores.
        source: The table to read: CSV, TSV, JSON lines or Parquet.
        target: The table to write, in the format of its suffix; it appears when all rows are written.
        text: Name of the column with the text; by default one with a usual name.
        language: Language of all rows; by default each is detected.
        encoding: Encoding of a text file.
        progress: Called after each chunk with the rows done and the total where it is known.

    Returns:
        What was counted.

    Raises:
        FileFormatError: If the source cannot be read or the target cannot be written.
    """
    check_target(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise FileFormatError("SK223", f"{target} is the input; give another name, so that nothing is lost")
    table = open_source(source, encoding)
    column = find_text_column(table.columns, text)
    kept = [name for name in table.columns if name not in COLUMNS]
    summary = Summary()
    with open_writer(target, kept, table.schema) as writer:
        for chunk in table.chunks:
            analyses = analyzer.analyze_many([row.get(column) for row in chunk], language)  # type: ignore[misc]
            writer.write([{**row, **columns_of(analysis)} for row, analysis in zip(chunk, analyses, strict=True)])
            for analysis in analyses:
                summary.add(analysis)
            progress(summary.rows, table.total)
    return summary
