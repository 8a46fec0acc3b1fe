"""From a file to a scored file: the languages come out right, own columns and keys stay."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_kit import FileFormatError
from sentiment_kit.batch.readers import open_source
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.run import score_file

TEXTS = [
    "Third email, still no answer. I won't be ordering here again.",
    "とても美味しかったです。\nまた来ます、「最高」でした。",
    "",
    'Все "супер", п’ять із п’яти; дякую, чудово!',
    "کیفیت افتضاح بود, دیگه نمی‌خرم",
    "Das war leider überhaupt nicht gut und viel zu teuer.",
    "=1+1 nice shop",
]
ROWS = [{"id": str(n), "Review": text, "stars": "1"} for n, text in enumerate(TEXTS)]


def write(file, rows):
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def read(file):
    return [row for chunk in open_source(file).chunks for row in chunk]


@pytest.mark.parametrize("source", ["in.jsonl", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv.gz", "out.json", "out.parquet"])
def test_from_format_to_format(tmp_path, source, target):
    summary = score_file(write(tmp_path / source, ROWS), tmp_path / target)
    rows = read(tmp_path / target)
    assert [{name: row[name] or "" for name in ROWS[0]} for row in rows] == ROWS
    assert list(rows[0]) == [*ROWS[0], *COLUMNS]
    assert [row["sk_language"] or None for row in rows] == ["en", "ja", None, "uk", "fa", "und", "en"]
    assert [row["sk_error"] or None for row in rows] == [None, None, "SK101: the text is empty", None, None, None, None]
    phrases = json.loads(rows[4]["sk_churn_phrases"])
    assert TEXTS[4][phrases[0]["start"] : phrases[0]["end"]] == phrases[0]["text"]
    assert (summary.rows, summary.languages) == (7, {"en": 2, "ja": 1, "uk": 1, "fa": 1, "und": 1})
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([source, target])


@pytest.mark.parametrize(
    ("encoding", "text", "language"),
    [
        ("cp932", "対応が遅すぎます。もう二度と買いません。", "ja"),
        ("cp1251", "Більше тут не замовлятиму, жахлива якість.", "uk"),
        ("cp1256", "كيفيت خيلي بد بود، پول ما را پس ندادند", "fa"),
        ("utf-16-le", "Більше тут не замовлятиму, жахлива якість.", "uk"),
    ],
)
def test_legacy_encodings_give_the_right_language(tmp_path, encoding, text, language):
    (tmp_path / "in.csv").write_text(f"text\n{text}\n", encoding=encoding)
    score_file(tmp_path / "in.csv", tmp_path / "out.jsonl")
    (row,) = read(tmp_path / "out.jsonl")
    assert (row["text"], row["sk_language"]) == (text, language)


def test_rescoring_replaces_the_columns(tmp_path):
    score_file(write(tmp_path / "in.jsonl", ROWS), tmp_path / "once.csv")
    score_file(tmp_path / "once.csv", tmp_path / "twice.csv")
    assert (tmp_path / "once.csv").read_bytes() == (tmp_path / "twice.csv").read_bytes()


def test_json_lines_keep_their_own_keys(tmp_path):
    rows = [{"text": "Great!", "a": {"b": 1}}, {"text": "Bad.", "late": True}, {"a": None}]
    score_file(write(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl")
    got = read(tmp_path / "out.jsonl")
    assert [{name: value for name, value in row.items() if not name.startswith("sk_")} for row in got] == rows
    assert got[2]["sk_error"] == "SK102: wanted a text (str), found None"


def test_a_broken_line_is_told_before_anything_is_scored(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "fine"}\n' * 600 + '{"text": broken\n', encoding="utf-8")
    (tmp_path / "out.csv").write_text("what was there before", encoding="utf-8")
    seen = []
    with pytest.raises(FileFormatError, match=r"SK207.*line 601"):
        score_file(tmp_path / "in.jsonl", tmp_path / "out.csv", watch=lambda event, facts: seen.append(event))
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "what was there before"
    assert (seen, sorted(file.name for file in tmp_path.iterdir())) == ([], ["in.jsonl", "out.csv"])


def test_the_target_is_not_the_source(tmp_path):
    source = write(tmp_path / "in.jsonl", ROWS)
    with pytest.raises(FileFormatError, match="SK223"):
        score_file(source, source)
