"""Tables out: every format gives the rows back, whole or not at all, and nothing in them runs in a spreadsheet."""

import codecs
import csv
import importlib.util
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_kit import FileFormatError, MissingExtraError
from sentiment_kit.batch import workbook
from sentiment_kit.batch.cells import as_json, as_text, neutral, restored
from sentiment_kit.batch.readers import open_source
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.writers import check_target, open_writer

PACKED = [f"out{suffix}{pack}" for suffix in (".csv", ".tsv", ".json", ".jsonl") for pack in ("", ".gz", ".zst")]
HAS_XLSX = all(importlib.util.find_spec(name) for name in ("openpyxl", "xlsxwriter"))
needs_xlsx = pytest.mark.skipif(not HAS_XLSX, reason="needs the xlsx extra")
FORMATS = [*PACKED, "out.ndjson", "out.parquet", pytest.param("out.xlsx", marks=needs_xlsx)]
TEXTS = [
    "Third email, still no answer.",
    "とても美味しかったです。\nまた来ます、「最高」でした。",
    'Все "супер", п’ять із п’яти; дякую,\tчудово! 👍',
    "کیفیت افتضاح بود, دیگه نمی‌خرم",
    "=1+1 nice shop",
    "＝ＳＵＭ（Ａ１）",
    "-5",
    "- погано",
    "'=already marked",
    "zero\0 and \x0b control _x0041_",
]
ROWS = [{"id": str(n), "Review": text} for n, text in enumerate(TEXTS)]


def scored(row):
    return {**row, **dict.fromkeys(COLUMNS), "sk_language": "en", "sk_negative": 0.25}


def write(file, rows, columns=None, schema=None):
    with open_writer(file, columns or list(rows[0]), schema) as writer:
        for begin in range(0, len(rows), 3):
            writer.write([scored(row) for row in rows[begin : begin + 3]])
    return file


def read(file):
    return [row for chunk in open_source(file).chunks for row in chunk]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_rows_back(tmp_path, name):
    file = write(tmp_path / name, ROWS)
    rows = read(file)
    assert [{"id": row["id"], "Review": row["Review"]} for row in rows] == ROWS
    assert open_source(file).columns == ["id", "Review", *COLUMNS]
    assert {(row["sk_language"], float(row["sk_negative"]), row["sk_error"] or None) for row in rows} == {
        ("en", 0.25, None)
    }
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_give_the_same_bytes(tmp_path, name):
    (tmp_path / "other").mkdir()
    assert write(tmp_path / name, ROWS).read_bytes() == write(tmp_path / "other" / name, ROWS).read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_rescoring_changes_nothing(tmp_path, name):
    first = write(tmp_path / name, ROWS).read_bytes()
    source = open_source(tmp_path / name)
    (tmp_path / "again").mkdir()
    with open_writer(tmp_path / "again" / name, source.columns, source.schema) as writer:
        for chunk in source.chunks:
            writer.write([scored({"id": row["id"], "Review": row["Review"]}) for row in chunk])
    assert (tmp_path / "again" / name).read_bytes() == first


@pytest.mark.parametrize("name", FORMATS)
def test_no_rows(tmp_path, name):
    with open_writer(tmp_path / name, ["text"], None):
        pass
    if name.startswith(("out.json", "out.ndjson")):
        with pytest.raises(FileFormatError, match="SK208"):
            open_source(tmp_path / name)
    else:
        assert (read(tmp_path / name), open_source(tmp_path / name).columns) == ([], ["text", *COLUMNS])


def test_formulas_are_made_harmless(tmp_path):
    cells = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1"]
    write(tmp_path / "out.csv", [{"=own": cell} for cell in cells])
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header[0] == "'=own"
    assert [row[0] for row in rows] == [f"'{cell}" for cell in cells]
    assert all(restored(neutral(cell)) == cell for cell in cells)
    for plain in ("-5", "+1.5", "-1,000.00", "+380 44 123", "-12%", "-", "5-3", "a=b", "", "'quoted'"):
        assert neutral(plain) == plain == restored(plain)


def test_numbers_are_no_formulas(tmp_path):
    write(tmp_path / "out.csv", [{"n": -5.5e-07, "m": -3}])
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("-5.5e-07,-3,")


def test_spreadsheets_read_the_letters_right(tmp_path):
    assert write(tmp_path / "out.csv", ROWS).read_bytes().startswith(codecs.BOM_UTF8)
    assert not write(tmp_path / "out.jsonl", ROWS).read_bytes().startswith(codecs.BOM_UTF8)


@needs_xlsx
def test_xlsx_keeps_types_and_has_no_formulas(tmp_path):
    from openpyxl import load_workbook

    row = {
        "n": 5,
        "share": 0.5,
        "yes": True,
        "big": 2**60,
        "nan": float("nan"),
        "at": datetime(2026, 1, 31, 10, 30),
        "day": date(2026, 1, 31),
        "zone": datetime(2026, 1, 31, tzinfo=UTC),
        "old": date(1850, 1, 1),
        "list": ["a"],
        "text": "=1+1",
    }
    write(tmp_path / "out.xlsx", [row])
    got = read(tmp_path / "out.xlsx")[0]
    assert {name: got[name] for name in row} == {
        **row,
        "big": str(2**60),
        "nan": None,
        "day": datetime(2026, 1, 31),
        "zone": "2026-01-31T00:00:00+00:00",
        "old": "1850-01-01",
        "list": '["a"]',
    }
    cells = list(load_workbook(tmp_path / "out.xlsx").active.iter_rows())[1]
    assert {cell.data_type for cell in cells} <= {"n", "s", "b", "d", "inlineStr"}


@needs_xlsx
@pytest.mark.parametrize("long", ["x" * 40_000, "👍" * 20_000, "x" * 32_767])
def test_xlsx_says_what_it_cut(tmp_path, long):
    with open_writer(tmp_path / "out.xlsx", ["text"], None) as writer:
        writer.write([{"text": long}, {"text": "after"}])
    got = [row["text"] for row in read(tmp_path / "out.xlsx")]
    assert got[1] == "after"
    assert len(got[0].encode("utf-16-le")) <= 2 * 32_767
    if len(long) == 32_767:
        assert (got[0], writer.notes) == (long, [])
    else:
        assert long.startswith(got[0].partition(" …[cut")[0])
        assert got[0].endswith("cell]")
        assert writer.notes == ["1 cells were cut to the 32,767 characters that a spreadsheet holds"]


@needs_xlsx
def test_xlsx_goes_on_in_further_sheets(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 4)
    write(tmp_path / "out.xlsx", ROWS)
    source = open_source(tmp_path / "out.xlsx")
    assert "sheet 'Sheet4' (1 rows)" in source.notes[0]
    assert [row["Review"] for chunk in source.chunks for row in chunk] == TEXTS


def test_parquet_keeps_types_and_has_large_row_groups(tmp_path):
    schema = pa.schema([("text", pa.string()), ("n", pa.int64()), ("tags", pa.list_(pa.string()))])
    rows = [{"text": "a", "n": n, "tags": ["x"]} for n in range(2000)]
    write(tmp_path / "out.parquet", rows, schema=schema)
    table = pq.ParquetFile(tmp_path / "out.parquet")
    assert (table.num_row_groups, table.schema_arrow.field("n").type) == (1, pa.int64())
    assert [{name: row[name] for name in rows[0]} for row in table.read().to_pylist()] == rows


def test_what_has_no_type_is_text_in_parquet(tmp_path):
    rows = [{"a": 1, "b": None}, {"a": "x", "b": {"c": [1]}}, {"b": "half \ud800"}]
    got = read(write(tmp_path / "out.parquet", rows, columns=["a", "b"]))
    assert [(row["a"], row["b"]) for row in got] == [("1", None), ("x", '{"c": [1]}'), (None, "half \\ud800")]


def test_json_is_what_every_parser_reads(tmp_path):
    def refuse(constant):
        raise AssertionError(constant)

    file = write(tmp_path / "out.json", [{"n": float("nan"), "deep": [{"x": float("inf")}], "at": date(2026, 1, 31)}])
    (row,) = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    assert (row["n"], row["deep"], row["at"]) == (None, [{"x": None}], "2026-01-31")
    assert (
        write(tmp_path / "late.jsonl", [{"a": time(10, 30)}]).read_text(encoding="utf-8").startswith('{"a": "10:30:00"')
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("-1.50"), "-1.50"),
        (timedelta(hours=26), "1 day, 2:00:00"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (b"\xff", "\\xff"),
    ],
)
def test_what_json_does_not_know_is_spelled_out(value, text):
    assert as_text(value) == text
    assert json.loads(as_json({"plain": value, "deep": [{"x": value, "n": float("nan")}]})) == {
        "plain": text,
        "deep": [{"x": text, "n": None}],
    }


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", pytest.param("out.xlsx", marks=needs_xlsx)])
def test_decimals_and_durations_of_parquet_are_written(tmp_path, name):
    table = pa.table({"text": ["fine"], "price": [Decimal("-0.0000001")], "wait": [timedelta(hours=26)]})
    pq.write_table(table, tmp_path / "in.parquet")
    (row,) = read(write(tmp_path / name, read(tmp_path / "in.parquet")))
    assert (row["text"], row["price"], row["wait"]) == ("fine", "-1E-7", "1 day, 2:00:00")


def test_what_is_no_number_is_an_empty_cell(tmp_path):
    write(tmp_path / "out.csv", [{"n": float("nan"), "m": float("inf"), "x": 1}])
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith(",,1,")


@pytest.mark.parametrize("name", FORMATS)
def test_an_error_leaves_neither_output_nor_litter(tmp_path, name):
    (tmp_path / name).write_text("what was there before", encoding="utf-8")
    with pytest.raises(RuntimeError, match="on purpose"), open_writer(tmp_path / name, ["text"], None) as writer:
        writer.write([scored({"text": "half"})])
        raise RuntimeError("on purpose")
    assert (tmp_path / name).read_text(encoding="utf-8") == "what was there before"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # XlsxWriter leaves its file open
@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_told(tmp_path, name):
    (tmp_path / f"{name}.partial").symlink_to("/dev/full")
    with pytest.raises(FileFormatError, match=rf"SK235: cannot write .*{name}.*Make some space"):
        write(tmp_path / name, ROWS)
    assert not list(tmp_path.iterdir())


def test_other_failures_are_not_the_disks(tmp_path):
    with pytest.raises(OSError, match="too many open files"), open_writer(tmp_path / "out.csv", ["text"], None):
        raise OSError("too many open files")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.pdf", "SK221.*wanted a name in .csv"),
        ("out", "SK221"),
        ("out.parquet.gz", "SK221.*packed already; leave out .gz"),
        ("out.gz", "SK221"),
        ("none/out.csv", "SK222.*make it first"),
        ("folder.csv", "SK224.*is a folder"),
    ],
)
def test_what_cannot_be_written_is_told_early(tmp_path, name, message):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileFormatError, match=message):
        check_target(tmp_path / name)


@needs_xlsx
def test_xlsx_without_its_extra(tmp_path, monkeypatch):
    write(tmp_path / "in.xlsx", ROWS)
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"writing XLSX.*sentiment-kit\[xlsx\]"):
        check_target(tmp_path / "out.xlsx")
    with pytest.raises(MissingExtraError, match="reading XLSX"):
        open_source(tmp_path / "in.xlsx")
