"""The rule of the house: imports go down only, and folders on one floor do not know each other."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sentiment_kit"

FLOORS = [
    {"errors", "taxonomy", "results"},
    {"text"},
    {"language", "encoder", "churn"},
    {"analyzer"},
    {"batch", "report", "training"},
    {"cli"},
]
FLOOR_OF = {unit: floor for floor, units in enumerate(FLOORS) for unit in units}


def imported_units(source: str) -> set[str]:
    """Return the parts of the package that a module imports, wherever in it the import stands."""
    units = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            names = [node.module]
            if node.module == "sentiment_kit":
                names = [f"sentiment_kit.{alias.name}" for alias in node.names]
        units |= {name.split(".")[1] for name in names if name.startswith("sentiment_kit.")}
    return units & FLOOR_OF.keys()


def violations(unit: str, source: str) -> list[str]:
    return [other for other in imported_units(source) if other != unit and FLOOR_OF[other] >= FLOOR_OF[unit]]


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down(file):
    unit = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if unit in {"__init__", "__main__"}:
        return
    assert unit in FLOOR_OF, f"{unit} stands on no floor: add it to FLOORS"
    assert not violations(unit, file.read_text(encoding="utf-8"))


def test_the_rule_sees_upward_and_sideways_imports():
    assert violations("encoder", "def f():\n    from sentiment_kit.analyzer import Analyzer") == ["analyzer"]
    assert violations("encoder", "import sentiment_kit.churn.risk") == ["churn"]
    assert violations("text", "from sentiment_kit import language") == ["language"]
    assert violations("analyzer", "from sentiment_kit.text import for_model") == []
