"""Values as the cells of a text table, safe to open in a spreadsheet.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break is run as a formula by spreadsheets (OWASP,
"CSV injection"; in Japanese ones the full-width signs too). Such a cell is written with an apostrophe before it. Plain
numbers (``-5``, ``+1.5``) and a sign alone stay. `restored` undoes exactly what `neutral` did.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, time
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_HARMLESS = re.compile(r"[+-](?:\d[\d\s.,]*%?)?")


def as_text(value: Any) -> str | None:  # noqa: ANN401  any value of a table
    """Return a value as text, None if it is empty: lists and objects as JSON, dates in ISO format, NaN as nothing."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, str):
        return encodable(value)
    return encodable(as_json(value) if isinstance(value, int | float | list | tuple | dict) else _spelled(value))


def _spelled(value: Any) -> str:  # noqa: ANN401  any value of a table
    """Return what JSON does not know (dates, bytes, decimals, durations, identifiers) as text."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def encodable(text: str) -> str:
    """Return a text that UTF-8 can hold; half a surrogate pair becomes its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def as_json(value: Any) -> str:  # noqa: ANN401  any value of a table
    """Return a value as JSON that every parser reads: NaN and the infinities, which JSON lacks, become null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_spelled, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_spelled)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet runs."""
    return f"'{cell}" if _FORMULA.match(cell) and not _HARMLESS.fullmatch(cell) else cell


def restored(cell: str) -> str:
    """Return the cell that `neutral` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _finite(value: Any) -> Any:  # noqa: ANN401  any JSON value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
