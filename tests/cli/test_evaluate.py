"""``sentiment-kit evaluate`` on a small part of the project's own texts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.training

pytest.importorskip("datasets")

from sentiment_kit.taxonomy import CHURN_KINDS, LANGUAGES  # noqa: E402
from sentiment_kit.training.churn_figures import SYSTEMS  # noqa: E402
from sentiment_kit.training.corpora import own_side  # noqa: E402

CORPORA = Path(__file__).parents[2] / "corpora"


@pytest.fixture(scope="module")
def corpora(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    for name in ("feedback", "churn"):
        (folder / name).mkdir()
        for language in LANGUAGES:
            lines = (CORPORA / name / f"{language}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
            held_out = [line for line in lines if own_side(json.loads(line)["id"]) == "test"][:60]
            (folder / name / f"{language}.jsonl").write_text("".join(held_out), encoding="utf-8")
    return folder


def run(*arguments):
    command = [sys.executable, "-m", "sentiment_kit", "evaluate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)


def test_figures_of_the_model(corpora, tmp_path):
    done = run("--corpora", corpora, "--json", tmp_path / "figures.json", "--by-set")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    whole = [row for row in rows if "set" not in row]
    assert [row["language"] for row in whole] == list(LANGUAGES)
    assert {row["set"] for row in rows if "set" in row} == {"own_feedback", "own_churn"}
    for row in whole:
        assert row["texts"] == 120
        assert row["balanced accuracy"]["low"] <= row["balanced accuracy"]["value"] <= row["balanced accuracy"]["high"]
        assert row["balanced accuracy"]["value"] > 0.6
    assert done.stdout.count("\n") == len(rows) + 2


def test_figures_of_churn(corpora, tmp_path):
    done = run("--churn", "--corpora", corpora, "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert [(row["language"], row["corpus"], row["system"]) for row in rows] == [
        (language, corpus, system) for language in LANGUAGES for corpus in ("churn", "feedback") for system in SYSTEMS
    ]
    for row in rows:
        assert set(row["recall by kind"]) <= set(CHURN_KINDS)
        assert row["f1"]["value"] == pytest.approx(
            2 * row["precision"] * row["recall"] / max(1e-9, row["precision"] + row["recall"]), abs=1e-6
        )
        assert ("overlap" in row) == (row["system"] != "head")
    assert "recall by kind" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--corpora", "nowhere"], "SK621"),
        (["--baselines"], "SK622"),
        (["--examples", "nowhere.parquet"], "SK623"),
        (["--side", "moon"], "SK624"),
        (["--churn", "--side", "dev"], "SK627: --side cannot be used with --churn"),
        (["--churn", "--by-set", "--baselines"], "SK627: --by-set, --baselines cannot be used with --churn"),
        (["--suites", "--by-set"], "SK627: --by-set cannot be used with --suites"),
        (["--suites", "--churn", "--examples", "x"], "SK627: --churn, --examples cannot be used with --suites"),
    ],
)
def test_refusals(corpora, arguments, wanted):
    given = arguments if "--corpora" in arguments else ["--corpora", corpora, *arguments]
    done = run(*given)
    assert (done.returncode, wanted in done.stderr) == (1, True)
