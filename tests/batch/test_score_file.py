"""Tables in and out: every row kept in order, own columns untouched, errors that say what to do."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_kit import FileFormatError
from sentiment_kit.batch.readers import find_text_column, open_source
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.run import score_file

ROWS = [
    {"id": "1", "Review": "Third email, still no answer. I won't be ordering here again.", "stars": "1"},
    {"id": "2", "Review": "とても美味しかったです。\nまた来ます、「最高」でした。", "stars": "5"},
    {"id": "3", "Review": "", "stars": ""},
    {"id": "4", "Review": 'Все "супер", п’ять із п’яти; дякую, чудово!', "stars": "5"},
    {"id": "5", "Review": "کیفیت افتضاح بود, دیگه نمی‌خرم", "stars": "1"},
    {"id": "6", "Review": "Das war leider überhaupt nicht gut und viel zu teuer.", "stars": "2"},
    {"id": "7", "Review": "=1+1 nice shop", "stars": "4"},
]


def write(file, rows, encoding="utf-8", delimiter=","):
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding=encoding)
    else:
        with file.open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, rows[0], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    return file


def read(file):
    if file.suffix == ".parquet":
        return pq.read_table(file).to_pylist()
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t" if file.suffix == ".tsv" else ","))


@pytest.mark.parametrize("source", ["in.csv", "in.tsv", "in.jsonl", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.tsv", "out.jsonl", "out.parquet"])
def test_every_format_to_every_format(analyzer, tmp_path, source, target):
    file = write(tmp_path / source, ROWS, delimiter="\t" if source.endswith("tsv") else ",")
    summary = score_file(analyzer, file, tmp_path / target)
    rows = read(tmp_path / target)
    assert [{name: row[name] for name in ROWS[0]} for row in rows] == ROWS
    assert list(rows[0]) == [*ROWS[0], *COLUMNS]
    assert [row["sk_language"] or None for row in rows] == ["en", "ja", None, "uk", "fa", "und", "en"]
    assert [row["sk_churn_level"] or None for row in rows][:5] == ["high", "none", None, "none", "high"]
    assert [row["sk_error"] or None for row in rows] == [None, None, "SK101: the text is empty", None, None, None, None]
    phrases = json.loads(rows[4]["sk_churn_phrases"])
    assert ROWS[4]["Review"][phrases[0]["start"] : phrases[0]["end"]] == phrases[0]["text"]
    assert float(rows[0]["sk_negative"]) + float(rows[0]["sk_neutral"]) + float(rows[0]["sk_positive"]) == (
        pytest.approx(1, abs=2e-4)
    )
    assert summary.rows == 7
    assert summary.languages == {"en": 2, "ja": 1, "uk": 1, "fa": 1, "und": 1}
    assert (summary.errors, summary.messages) == ({"SK101": 1}, {"SK101": "SK101: the text is empty"})
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([source, target])


@pytest.mark.parametrize(
    ("encoding", "text", "language"),
    [
        ("cp932", "対応が遅すぎます。もう二度と買いません。", "ja"),
        ("cp1251", "Більше тут не замовлятиму, жахлива якість.", "uk"),
        ("cp1256", "كيفيت خيلي بد بود، پول ما را پس ندادند", "fa"),
        ("utf-16", "Більше тут не замовлятиму, жахлива якість.", "uk"),
        ("utf-8-sig", "対応が遅すぎます。", "ja"),
    ],
)
def test_legacy_encodings(analyzer, tmp_path, encoding, text, language):
    source = write(tmp_path / "in.csv", [{"text": text}], encoding=encoding)
    given = "utf-8" if encoding == "utf-8-sig" else encoding
    score_file(analyzer, source, tmp_path / "out.jsonl", encoding=given)
    row = read(tmp_path / "out.jsonl")[0]
    assert (row["text"], row["sk_language"]) == (text, language)


def test_a_wrong_encoding_is_refused_with_a_hint(analyzer, tmp_path):
    source = write(tmp_path / "in.csv", [{"text": "最悪でした"}] * 3, encoding="cp932")
    with pytest.raises(FileFormatError, match=r"SK205.*not utf-8.*--encoding"):
        score_file(analyzer, source, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
    with pytest.raises(FileFormatError, match=r"SK208.*unknown encoding"):
        score_file(analyzer, source, tmp_path / "out.csv", encoding="nonsense")


def test_rescoring_replaces_the_columns(analyzer, tmp_path):
    write(tmp_path / "in.csv", ROWS)
    score_file(analyzer, tmp_path / "in.csv", tmp_path / "once.csv")
    score_file(analyzer, tmp_path / "once.csv", tmp_path / "twice.csv")
    assert (tmp_path / "once.csv").read_bytes() == (tmp_path / "twice.csv").read_bytes()


def test_parquet_keeps_types_and_nested_values(analyzer, tmp_path):
    rows = [
        {"text": "Great!", "n": 3, "when": None, "tags": ["a", "b"]},
        {"text": None, "n": 4, "when": 1.5, "tags": []},
    ]
    score_file(analyzer, write(tmp_path / "in.parquet", rows), tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("n").type == pa.int64()
    assert [{name: row[name] for name in rows[0]} for row in table.to_pylist()] == rows
    assert table.to_pylist()[1]["sk_error"].startswith("SK102")


def test_json_lines_keep_their_own_keys(analyzer, tmp_path):
    rows = [{"text": "Great!", "a": {"b": 1}}, {"text": "Bad.", "late": True}, {"a": None}]
    score_file(analyzer, write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    got = read(tmp_path / "out.jsonl")
    assert [{name: value for name, value in row.items() if not name.startswith("sk_")} for row in got] == rows
    assert got[2]["sk_error"] == "SK102: wanted a text (str), found None"
    score_file(analyzer, tmp_path / "in.jsonl", tmp_path / "out.csv")
    assert [row["late"] for row in read(tmp_path / "out.csv")] == ["", "true", ""]


def test_a_quote_that_is_never_closed_swallows_nothing(analyzer, tmp_path):
    (tmp_path / "in.csv").write_text('id,text\n1,"oops\n2,fine\n3,good\n', encoding="utf-8")
    with pytest.raises(FileFormatError, match="SK208"):
        score_file(analyzer, tmp_path / "in.csv", tmp_path / "out.csv")
    (tmp_path / "in.tsv").write_text('id\ttext\n1\t"oops\n2\tfine\n3\tgood "one"\n', encoding="utf-8")
    score_file(analyzer, tmp_path / "in.tsv", tmp_path / "out.jsonl")
    assert [row["text"] for row in read(tmp_path / "out.jsonl")] == ['"oops', "fine", 'good "one"']


def test_short_rows_and_blank_lines_are_kept(analyzer, tmp_path):
    (tmp_path / "in.csv").write_text("text\nGreat!\n\nBad.\n", encoding="utf-8")
    score_file(analyzer, tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert [row["sk_error"] for row in read(tmp_path / "out.jsonl")] == [None, "SK101: the text is empty", None]
    (tmp_path / "in.csv").write_text("text,n\nGreat!\nBad.,2,,\n", encoding="utf-8")
    score_file(analyzer, tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert [row["n"] for row in read(tmp_path / "out.jsonl")] == [None, "2"]


def test_lone_surrogates_do_not_stop_a_run(analyzer, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "I will never\\ud800 order here again"}\n', encoding="utf-8")
    for target in ("out.parquet", "out.csv", "out.jsonl"):
        assert score_file(analyzer, tmp_path / "in.jsonl", tmp_path / target).rows == 1


def test_a_crash_leaves_neither_output_nor_litter(analyzer, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "fine"}\n' * 600 + '{"text": broken\n', encoding="utf-8")
    (tmp_path / "out.csv").write_text("what was there before", encoding="utf-8")
    with pytest.raises(FileFormatError, match="SK207.*line 601"):
        score_file(analyzer, source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "what was there before"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.jsonl", "out.csv"]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("in.docx", b"x", "SK201.*wanted a name in .csv, .tsv"),
        ("none.csv", None, "SK202.*there is no file"),
        ("in.csv", b"", "SK208.*empty"),
        ("in.csv", b"a,b\n1,2\n", "SK204.*name one with --text.*'a', 'b'"),
        ("in.csv", b"text,b\n1,2,3\n", "SK206.*line 2.*3 values.*2 columns"),
        ("in.jsonl", b"[1]\n", "SK207.*JSON object"),
        ("in.parquet", b"PAR1nonsense", "SK208"),
    ],
)
def test_what_cannot_be_read(analyzer, tmp_path, name, content, wanted):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFormatError, match=f"(?s){wanted}"):
        score_file(analyzer, tmp_path / name, tmp_path / "out.csv")


def test_what_cannot_be_written(analyzer, tmp_path):
    source = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(FileFormatError, match="SK221"):
        score_file(analyzer, source, tmp_path / "out.pdf")
    with pytest.raises(FileFormatError, match="SK222"):
        score_file(analyzer, source, tmp_path / "none" / "out.csv")
    with pytest.raises(FileFormatError, match="SK223"):
        score_file(analyzer, source, source)


def test_columns(tmp_path):
    assert find_text_column(["id", "Review Text"], None) == "Review Text"
    assert find_text_column(["id", "本文"], None) == "本文"
    assert find_text_column(["x"], None) == "x"
    with pytest.raises(FileFormatError, match=r"SK203.*'z'.*'x', 'y'"):
        find_text_column(["x", "y"], "z")
    file = tmp_path / "twice.csv"
    file.write_text("text;text;n\na;b;1\n", encoding="utf-8")
    source = open_source(file)
    assert source.columns == ["text", "text_2", "n"]
    assert list(source.chunks) == [[{"text": "a", "text_2": "b", "n": "1"}]]


def test_many_rows_stream_in_order(analyzer, tmp_path):
    rows = [{"n": str(n), "text": f"Order {n} was late."} for n in range(1500)]
    seen = []
    summary = score_file(
        analyzer,
        write(tmp_path / "in.csv", rows),
        tmp_path / "out.parquet",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [row["n"] for row in read(tmp_path / "out.parquet")] == [row["n"] for row in rows]
    assert seen == [(512, None), (1024, None), (1500, None)]
    assert summary.rows == 1500
