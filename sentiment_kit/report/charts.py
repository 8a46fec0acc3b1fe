"""The charts, as Vega-Lite specifications.

Colours are names of the page's CSS variables, so that charts follow its theme. Vega-Lite draws
them in the browser, as SVG, from a script that the page carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sentiment_kit.taxonomy import CHURN_LEVELS, SENTIMENTS

Spec = dict[str, Any]

_BAR, _ROOM = 26, 8
_HEIGHT = 240
_MANY_PERIODS = 16
_FEW_TICKS = {"tickCount": 6}


@lru_cache(maxsize=1)
def library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs no network."""
    import vl_convert

    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script.replace("</script", "<\\/script")


def sentiment_by_language(rows: Sequence[tuple[str, str, int]]) -> Spec:
    """Return stacked bars of (language, sentiment, rows), as shares."""
    return _shares(rows, "language", "sentiment", SENTIMENTS, "share of texts")


def ratings_against_sentiment(rows: Sequence[tuple[str, str, int]]) -> Spec:
    """Return stacked bars of (rating, sentiment, rows), as shares."""
    return _shares(rows, "rating", "sentiment", SENTIMENTS, "share of texts")


def sentiment_over_time(rows: Sequence[tuple[str, str, int]], unit: str) -> Spec:
    """Return stacked columns of (period, sentiment, rows)."""
    values = _values(rows, "period", "sentiment", SENTIMENTS)
    return _chart(
        values,
        height=_HEIGHT,
        mark={"type": "bar"},
        encoding={
            "x": {**_periods(rows, unit), "axis": _period_axis(rows)},
            "y": {"field": "texts", "type": "quantitative", "title": "texts"},
            "color": _colour("sentiment", SENTIMENTS),
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip("period", "sentiment"),
        },
    )


def themes(rows: Sequence[tuple[str, str, int]], languages: Sequence[str], order: Sequence[str]) -> Spec:
    """Return bars of (theme, language, rows), in the given order of themes."""
    return _bars(
        _values(rows, "theme", "language", languages), "theme", order, ("language", languages), "texts that complain"
    )


def themes_over_time(rows: Sequence[tuple[str, str, float]], order: Sequence[str], unit: str) -> Spec:
    """Return a heat map of (period, theme, share of the period's texts)."""
    values = [{"period": period, "theme": theme, "share": share} for period, theme, share in rows]
    return _chart(
        values,
        height=_BAR * len(order),
        mark={"type": "rect", "color": "var(--accent)"},
        encoding={
            "x": {**_periods(rows, unit), "axis": _period_axis(rows)},
            "y": {"field": "theme", "type": "nominal", "sort": list(order), "title": None},
            "opacity": {
                "field": "share",
                "type": "quantitative",
                "title": "share of texts",
                "scale": {"range": [0.04, 1], "zero": True},
                "legend": {
                    "format": ".0%",
                    "orient": "top",
                    "symbolType": "square",
                    "symbolFillColor": "var(--accent)",
                },
            },
            "tooltip": [
                {"field": "period", "type": "nominal"},
                {"field": "theme", "type": "nominal"},
                {"field": "share", "type": "quantitative", "format": ".1%"},
            ],
        },
    )


def kinds(rows: Sequence[tuple[str, str, int]], order: Sequence[str]) -> Spec:
    """Return bars of (churn kind, level, rows), in the given order of kinds."""
    levels = CHURN_LEVELS[:0:-1]
    return _bars(_values(rows, "sign", "level", levels), "sign", order, ("level", levels), "texts")


def _bars(
    values: list[dict[str, Any]], of: str, order: Sequence[str], by: tuple[str, Sequence[str]], title: str
) -> Spec:
    """Return a bar for each name of `of`, in the given order, its parts coloured by the names of `by`."""
    part, names = by
    return _chart(
        values,
        height=_BAR * len(order),
        mark={"type": "bar"},
        encoding={
            "y": {"field": of, "type": "nominal", "sort": list(order), "title": None},
            "x": {"field": "texts", "type": "quantitative", "title": title, "axis": _FEW_TICKS},
            "color": _colour(part, names),
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip(of, part),
        },
    )


def _shares(rows: Sequence[tuple[str, str, int]], of: str, by: str, names: Sequence[str], title: str) -> Spec:
    return _chart(
        _values(rows, of, by, names),
        height=(_BAR + _ROOM) * len({row[0] for row in rows}),
        mark={"type": "bar"},
        encoding={
            "y": {"field": of, "type": "nominal", "sort": None, "title": None if of == "language" else of},
            "x": {
                "field": "texts",
                "type": "quantitative",
                "stack": "normalize",
                "title": title,
                "axis": {**_FEW_TICKS, "format": ".0%"},
            },
            "color": _colour(by, names),
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip(of, by),
        },
    )


def _values(rows: Sequence[tuple[str, str, int]], of: str, by: str, names: Sequence[str]) -> list[dict[str, Any]]:
    return [{of: one, by: other, "texts": number, "order": names.index(other)} for one, other, number in rows]


def _chart(values: list[dict[str, Any]], height: int, **rest: Any) -> Spec:  # noqa: ANN401
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "data": {"values": values},
        "config": _CONFIG,
        **rest,
    }


def _colour(field: str, names: Sequence[str]) -> Spec:
    colours = [f"var(--{field}-{number})" for number in range(len(names))]
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(names), "range": colours},
        "legend": {"title": None, "orient": "top", "columns": 3},
    }


def _periods(rows: Sequence[tuple[str, str, Any]], unit: str) -> Spec:
    title = "month" if unit == "month" else "week, from Monday"
    return {"field": "period", "type": "ordinal", "sort": sorted({row[0] for row in rows}), "title": title}


def _period_axis(rows: Sequence[tuple[str, str, Any]]) -> Spec:
    many = len({row[0] for row in rows}) > _MANY_PERIODS
    return {"labelAngle": -60 if many else -40, "labelOverlap": "parity"}


def _tooltip(of: str, by: str) -> list[Spec]:
    return [
        {"field": of, "type": "nominal"},
        {"field": by, "type": "nominal"},
        {"field": "texts", "type": "quantitative", "format": ","},
    ]


_CONFIG: Spec = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": "var(--text)",
        "titleColor": "var(--soft)",
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelLimit": 170,
    },
    "legend": {
        "labelColor": "var(--text)",
        "titleColor": "var(--soft)",
        "labelFontSize": 12,
        "titleFontWeight": "normal",
    },
}
