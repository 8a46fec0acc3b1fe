"""The view as one HTML file: every text escaped, every script and style named by its hash, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import partial
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sentiment_kit.report import charts
from sentiment_kit.report.exports import CUSTOMER_COLUMNS, LEAVING_COLUMNS, customer_record, leaving_record
from sentiment_kit.report.view import LANGUAGE_NAMES, MOST_LISTED, View, shown_day
from sentiment_kit.taxonomy import CHURN_KINDS, display_name

_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src-elem {styles}; style-src-attr 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


def render(view: View) -> str:
    """Return the page."""
    style, own = _asset("style.css"), _asset("page.js")
    with_charts = any(view.figures.values())
    scripts = [charts.library(), own] if with_charts else [own]
    policy = _POLICY.format(scripts=" ".join(map(_hashed, scripts)), styles=_hashed(style))
    environment = Environment(
        loader=PackageLoader("sentiment_kit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": shown_day,
        "named": display_name,
        "language": LANGUAGE_NAMES.__getitem__,
        "json": partial(json.dumps, ensure_ascii=False),
    }
    return environment.get_template("report.html.j2").render(
        view=view,
        policy=policy,
        style=Markup(style),  # noqa: S704  the package's own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704  the same
        languages=[(code, LANGUAGE_NAMES[code]) for code in view.languages],
        themes=[(theme, display_name(theme)) for theme, _ in view.examples],
        kinds=[(kind, display_name(kind)) for kind in CHURN_KINDS],
        leaving_columns=LEAVING_COLUMNS,
        leaving_record=leaving_record,
        customer_columns=CUSTOMER_COLUMNS,
        customer_record=customer_record,
        most_listed=MOST_LISTED,
    )


def _asset(name: str) -> str:
    return (files("sentiment_kit.report") / "templates" / name).read_text(encoding="utf-8")


def _hashed(text: str) -> str:
    """Return a source of the content security policy: the hash of the very characters between the tags."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
