"""The commands, run as a user runs them."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "corpora" / "samples"


def run(*arguments, stdin=None):
    command = [sys.executable, "-m", "sentiment_kit", *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )


def test_analyze_shows_the_phrase_in_its_place():
    done = run("analyze", "Third email, still no answer. I won't be ordering here again.")
    assert done.returncode == 0, done.stderr
    assert "⟦won't be ordering here again⟧" in done.stdout
    assert "en  negative" in done.stdout
    assert "exit: won't be ordering here again" in done.stdout


def test_analyze_json_from_standard_input():
    lines = ["もう二度と買いません。", "", "Все чудово, дякую!", "Guten Tag zusammen, wie geht es euch?"]
    done = run("analyze", "--json", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in rows] == lines
    assert [row["language"]["code"] for row in rows] == ["ja", "und", "uk", "und"]
    assert rows[1]["error"].startswith("SK101")
    assert rows[0]["churn"]["level"] == "high"
    assert rows[3]["sentiment"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "wanted"),
    [
        (["analyze", ""], 1, "SK101"),
        (["analyze", "gut", "--lang", "de"], 1, "SK104: language 'de' is none of ja, uk, fa, en"),
        (["analyze", "ok", "--model", "/no/such/model"], 1, "SK3|SK4"),
        (["score", "none.csv", "-o", "out.csv"], 1, "SK202"),
        (["score", "none*.csv", "-o", "out.csv"], 1, "SK236: no file is named like 'none*.csv'"),
        (["score", "none.csv"], 2, "output"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_failures_are_one_line_and_an_exit_code(arguments, code, wanted):
    done = run(*arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert any(part in done.stdout + done.stderr for part in wanted.split("|"))


def test_score_the_sample_export(tmp_path):
    target = tmp_path / "scored.jsonl"
    done = run("score", SAMPLES / "export.csv", "-o", target)
    assert done.returncode == 0, done.stderr
    with (SAMPLES / "export.csv").open(encoding="utf-8-sig", newline="") as stream:
        wanted = list(csv.DictReader(stream))
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [{name: row[name] for name in wanted[0]} for row in rows] == wanted
    assert {row["sk_language"] for row in rows} >= {"ja", "uk", "fa", "en", "und"}
    assert sum(row["sk_churn_level"] == "high" for row in rows) >= 15
    assert all(row["sk_sentiment"] or row["sk_error"] or row["sk_language"] == "und" for row in rows)
    for part in ("complaint themes:", "churn risk:", "About to leave, in their own words:", "⟦", "rows not scored"):
        assert part in done.stdout
    assert done.stderr == ""


def test_score_several_files_by_a_pattern(tmp_path):
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text(f"Ticket,Worte\n{name},Das war leider nicht gut.\n", encoding="utf-8")
    target = tmp_path / "out.jsonl"
    done = run("score", tmp_path / "*.csv", "-o", target, "--text", "Worte", "--id", "Ticket")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["Ticket"] for row in rows] == ["a.csv", "b.csv"]
    assert "text from column 'Worte', encoding utf-8" in done.stdout


def test_score_standard_input(tmp_path):
    target = tmp_path / "out.csv"
    done = run("score", "-", "-o", target, stdin="n,text\n1,Das war leider nicht gut.\n2,\n")
    assert done.returncode == 0, done.stderr
    assert "1 rows not scored, such as SK101: the text is empty" in done.stdout
    assert target.read_bytes().count(b"\n") == 3


def test_score_refuses_a_column_that_is_not_there(tmp_path):
    (tmp_path / "in.csv").write_text("text,n\nGreat!,1\n", encoding="utf-8")
    done = run("score", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--customer", "Kunde")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'Kunde'" in done.stderr and "'n'" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]


def test_a_strict_score_has_an_exit_code_of_its_own(tmp_path):
    (tmp_path / "in.csv").write_text("text,n\nDas war leider nicht gut.,1\n,2\n", encoding="utf-8")
    done = run("score", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--strict")
    assert done.returncode == 3
    assert done.stderr.startswith("error SK231: row 2 could not be scored")
    assert not (tmp_path / "out.csv").exists()


def test_quiet(tmp_path):
    (tmp_path / "in.csv").write_text("text\nGreat!\n", encoding="utf-8")
    done = run("score", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_info():
    done = run("info", "--check")
    assert done.returncode == 0, done.stderr
    assert "model: default" in done.stdout
    assert "model.onnx" in done.stdout
    assert done.stdout.count("  ok") >= 3


@pytest.mark.parametrize("command", ["analyze", "score", "info"])
def test_help_teaches(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "--model" in done.stdout


def test_a_reader_that_goes_away():
    lines = "\n".join(["Great shop, thanks!"] * 3000)
    command = f"{sys.executable} -m sentiment_kit analyze --json | head -n 1"
    done = subprocess.run(command, shell=True, input=lines, capture_output=True, text=True, timeout=300, check=False)
    assert json.loads(done.stdout)["language"]["code"] == "en"
    assert "Traceback" not in done.stderr
