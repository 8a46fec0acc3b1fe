"""``sentiment-kit report``, run as a user runs it."""

import csv
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("vl_convert", reason="needs the report extra")

from tests.report.tables import leaving, scored


def run(*arguments):
    command = [sys.executable, "-m", "sentiment_kit", "report", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)


def table(file, rows):
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_the_columns_are_found_and_the_lists_written(tmp_path):
    own = [{"customer": f"C{number}", "date": f"{number:02}/03/2024", "rating": 4} for number in range(1, 13)]
    source = table(tmp_path / "scored.csv", [leaving(**one) for one in own] + [scored(sentiment="positive", **own[0])])
    page, people, list_ = tmp_path / "r.html", tmp_path / "c.csv", tmp_path / "l.csv"
    done = run(source, "-o", page, "--customers", people, "--leaving", list_)
    assert (done.returncode, done.stderr) == (0, "")
    assert "13 rows; 12 with a sign of leaving, 0 of them silent" in done.stdout
    assert "dates left unread: 12, could be read in more than one way" in done.stdout  # 03/03 has one reading only
    assert "customer: customer" in page.read_text(encoding="utf-8")
    assert len(people.read_text(encoding="utf-8-sig").splitlines()) == 13
    assert len(list_.read_text(encoding="utf-8-sig").splitlines()) == 13
    done = run(source, "-o", page, "--date-order", "mdy", "--as-of", "2024-06-30")
    assert "dates too late: 6, after --as-of: left out" in done.stdout
    assert "dates left" not in done.stdout


def test_a_folder_of_parquet_files_is_one_table(tmp_path):
    folder = tmp_path / "scored.parquet"
    folder.mkdir()
    for number, rows in enumerate([[leaving(), leaving(language="uk")], [scored(sentiment="positive")]]):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{number}.parquet")
    done = run(folder, "-o", tmp_path / "r.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 rows; 2 with a sign of leaving" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["{folder}", "-o", "{folder}/r.html"], "SK202"),
        (["{plain}", "-o", "{folder}/r.html"], "SK241"),
        (["{scored}", "-o", "{folder}/r.csv"], "SK243"),
        (["{scored}", "-o", "{folder}/none/r.html"], "SK243"),
        (["{scored}", "-o", "{folder}/r.html", "--leaving", "{scored}"], "SK245"),
        (["{scored}", "-o", "{folder}/r.html", "--customers", "{folder}/c.csv"], "SK244"),
        (["{scored}", "-o", "{folder}/r.html", "--date", "when"], "SK203"),
        (["{folder}/none.csv", "-o", "{folder}/r.html"], "SK202"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(tmp_path, arguments, wanted):
    table(tmp_path / "scored.csv", [leaving()])
    table(tmp_path / "plain.csv", [{"text": "Great shop, thank you very much."}])
    names = {"folder": tmp_path, "scored": tmp_path / "scored.csv", "plain": tmp_path / "plain.csv"}
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    done = run(*(argument.format(**names) for argument in arguments))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error {wanted}")
    assert len(done.stderr.splitlines()) == 1
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
