"""A callable for other people's engines: Ray's ``map_batches``, Spark's ``mapInPandas``, ``datasets.map``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.scoring import Options, Scored, score
from sentiment_kit.errors import InputError

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, init=False)
class Predictor:
    """Adds the ``sk_`` columns to a batch and returns it as the type that came in.

    It may be pickled; each process loads the model with its first batch, once however many predictors it is sent.

    Ray
        ``dataset.map_batches(predictor)``
    Spark
        ``frame.mapInPandas(predictor, predictor.spark_schema(frame.schema.simpleString()))``
    datasets
        ``dataset.map(predictor, batched=True, features=predictor.features(dataset.features))``

    >>> predictor = Predictor("review")
    >>> predictor({"review": ["The room was spotless and quiet."]})["sk_sentiment"]
    ['positive']
    """

    text: str
    options: Options

    def __init__(
        self,
        text: str = "text",
        *,
        model: str | Path | None = None,
        patterns: str | Path | Iterable[str | Path] = (),
        language: str | None = None,
    ) -> None:
        """Keep the options.

        Args:
            text: Name of the column with the text.
            model: As for `sentiment_kit.Analyzer`.
            patterns: As for `sentiment_kit.Analyzer`.
            language: Language of all texts; by default each is detected.
        """
        files = [patterns] if isinstance(patterns, str | Path) else patterns
        options = Options(None if model is None else str(model), tuple(map(str, files)), language)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "options", options)

    def __call__(self, batch: Any) -> Any:  # noqa: ANN401  the type of the argument is that of the result
        """Score a mapping of columns (lists or arrays), an Arrow table, a pandas frame, or an iterator of such batches.

        Raises:
            InputError: If it is none of these, or has no column of the text's name.
        """
        if isinstance(batch, Iterator):
            return map(self, batch)
        if isinstance(batch, pa.Table):
            return self._arrow(batch)
        if isinstance(batch, Mapping):
            return self._mapping(batch)
        if hasattr(batch, "assign"):
            return self._pandas(batch)
        raise InputError(
            "SK108",
            f"wanted a mapping of columns, an Arrow table, a pandas frame, or an iterator of them, found {type(batch)}",
        )

    def features(self, features: datasets.Features) -> datasets.Features:
        """Return the features of a scored data set; without them `datasets` guesses types from the first rows."""
        from datasets import Features, Value

        added = {name: Value("string" if kind == pa.string() else "float64") for name, kind in COLUMNS.items()}
        return Features({**features, **added})

    def spark_schema(self, schema: str) -> str:
        """Return the schema of a scored frame in Spark's notation, from that of the frame.

        Args:
            schema: What ``frame.schema.simpleString()`` gives.
        """
        added = ",".join(f"{name}:{'string' if kind == pa.string() else 'double'}" for name, kind in COLUMNS.items())
        return f"{schema.removesuffix('>')},{added}>"

    def _scored(self, texts: list[Any]) -> dict[str, list[Any]]:
        rows: list[Scored] = score(self.options, texts)
        return {name: [row[name] for row in rows] for name in COLUMNS}

    def _arrow(self, batch: pa.Table) -> pa.Table:
        added = self._scored(self._column(batch, batch.column_names).to_pylist())
        kept = batch.drop_columns([name for name in COLUMNS if name in batch.column_names])
        for name, kind in COLUMNS.items():
            kept = kept.append_column(name, pa.array(added[name], kind))
        return kept

    def _mapping(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        column = self._column(batch, list(batch))
        if not isinstance(column, np.ndarray):
            return {**batch, **self._scored(list(column))}
        added = self._scored(column.tolist())
        types = {name: object if kind == pa.string() else np.float64 for name, kind in COLUMNS.items()}
        return {**batch, **{name: np.array(values, types[name]) for name, values in added.items()}}

    def _pandas(self, batch: Any) -> Any:  # noqa: ANN401  importing pandas is up to the caller
        column = self._column(batch, list(batch.columns))
        texts = column.astype(object).where(column.notna(), None).tolist()
        added = pa.table(self._scored(texts), pa.schema(list(COLUMNS.items()))).to_pandas()
        return batch.assign(**{name: added[name].array for name in COLUMNS})

    def _column(self, batch: Any, names: list[str]) -> Any:  # noqa: ANN401
        if self.text not in names:
            raise InputError("SK109", f"the batch has no column {self.text!r}; its columns are {names}")
        return batch[self.text]
