"""The documents say what the code does."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import typer

from sentiment_kit.batch.readers import FILE_COLUMN
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_prints_what_it_says():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    said = [line.removeprefix("# ") for line in code.splitlines() if line.startswith("# ")]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue().splitlines() == said


def test_the_first_two_commands_are_those_of_the_makefile():
    first = re.search(r"```sh\n(.*?)```", README, re.DOTALL)[1].splitlines()
    assert [line.split("#")[0].strip() for line in first] == ["make demo", "make test"]


def test_the_demo_leaves_a_table_that_a_spreadsheet_opens():
    left = re.search(r"--output (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1]
    assert left.endswith(".csv")
    assert left in README


def test_every_column_is_explained():
    assert [name for name in [*COLUMNS, FILE_COLUMN] if f"`{name}`" not in README] == []


@pytest.mark.parametrize(("command", "document"), [("score", "batch.md"), ("report", "report.md")])
def test_every_option_is_explained(command, document):
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    options = [param.opts + param.secondary_opts for param in typer.main.get_command(app).commands[command].params]
    assert [names for names in options if names[0].startswith("-") and not any(f"`{n}" in text for n in names)] == []
