"""Tables in: encodings told or refused, columns found or refused, several files as one, memory flat."""

import csv
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_kit import FileFormatError
from sentiment_kit.batch.columns import Columns, find_columns
from sentiment_kit.batch.encodings import find_encoding
from sentiment_kit.batch.readers import open_source, open_sources
from sentiment_kit.batch.rows import COLUMNS
from sentiment_kit.batch.source import distinct

PACKAGE = Path(__file__).parents[2]
ENCODINGS = {
    "ja": ["cp932", "euc_jp", "iso2022_jp", "utf-16-le", "utf-16-be", "utf-16", "utf-8", "utf-8-sig"],
    "uk": ["cp1251", "koi8_u", "mac_cyrillic", "utf-16-le", "utf-8"],
    "fa": ["cp1256", "utf-16-be", "utf-8"],
    "en": ["cp1252", "utf-16-le", "utf-8"],
}


def rows_of(source):
    return [row for chunk in source.chunks for row in chunk]


def write(file, text, encoding="utf-8"):
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, name) for language, names in ENCODINGS.items() for name in names]
)
@pytest.mark.parametrize("size", [1, 5])
def test_no_encoding_is_ever_mistaken_for_another(reviews, tmp_path, language, encoding, size):
    texts = [text.translate(str.maketrans("یک", "يك")) for text, code in reviews if code == language]
    right = 0
    for begin in range(0, 30, size):
        table = "id,text\n" + "".join(f'{n},"{text}"\n' for n, text in enumerate(texts[begin : begin + size]))
        file = tmp_path / f"{begin}.csv"
        file.write_bytes(table.encode(encoding, "ignore"))
        try:
            with find_encoding(file).open() as stream:
                assert stream.read() == file.read_bytes().decode(encoding)
        except FileFormatError as error:
            assert error.code == "SK205"
        else:
            right += 1
    assert right >= 0.8 * 30 / size  # the rest is refused, never misread


def test_the_encoding_is_told(tmp_path):
    file = write(tmp_path / "in.csv", "text\nБільше тут не замовлятиму, жахлива якість.\n", "cp1251")
    source = open_source(file)
    assert (source.encoding, source.notes) == ("cp1251", [f"{file} was found to be cp1251"])
    assert open_source(write(file, "text\nfine\n")).encoding == "utf-8"
    assert open_source(write(file, "text\n最高\n", "utf-8-sig")).columns == ["text"]


@pytest.mark.parametrize(
    ("encoding", "wanted", "message"),
    [
        ("cp932", "utf-8", "SK205.*is not utf-8.*offset.*--encoding"),
        ("utf-8", "cp1251", "SK205.*is UTF-8, not cp1251"),
        ("utf-8", "nonsense", "SK205.*unknown encoding.*wanted one such as utf-8"),
        ("utf-8", "base64", "SK205.*unknown encoding"),
        ("utf-8", "utf-16", "SK205.*is not utf-16"),
    ],
)
def test_a_wrong_encoding_is_refused(tmp_path, encoding, wanted, message):
    file = write(tmp_path / "in.csv", "text\n最悪でした。もう二度と行きません\n", encoding)
    with pytest.raises(FileFormatError, match=f"(?s){message}"):
        open_source(file, wanted)


@pytest.mark.parametrize(
    ("encoding", "wanted"),
    [
        ("cp932", "Shift_JIS"),
        ("cp1251", "windows-1251"),
        ("utf-8", "UTF8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
    ],
)
def test_an_encoding_that_is_named_is_used(tmp_path, encoding, wanted):
    text = "①髙い" if encoding == "cp932" else "Ні"
    source = open_source(write(tmp_path / "in.csv", f"text\n{text}\n", encoding), wanted)
    assert rows_of(source) == [{"text": text}]


def test_utf32_without_a_mark_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match="SK205.*zero bytes.*--encoding"):
        open_source(write(tmp_path / "in.csv", "text\nfine\n", "utf-32-le"))
    assert rows_of(open_source(tmp_path / "in.csv", "utf-32-le")) == [{"text": "fine"}]


def test_a_doubtful_encoding_is_refused_with_readings(tmp_path):
    with pytest.raises(FileFormatError, match="(?s)SK205.*cannot be told.*cp1251 reads '1,\"добре\"'.*--encoding"):
        open_source(write(tmp_path / "in.csv", 'id,text\n1,"добре"\n', "cp1251"))


def test_chunks_are_the_same_each_time(tmp_path):
    file = write(tmp_path / "in.csv", "text\n" + "".join(f"Order {n} was late.\n" for n in range(1500)))
    first, second = list(open_source(file).chunks), list(open_source(file).chunks)
    assert first == second
    assert [len(chunk) for chunk in first] == [512, 512, 476]
    pq.write_table(pa.table({"text": ["x"] * 1500}), tmp_path / "in.parquet", row_group_size=400)
    source = open_source(tmp_path / "in.parquet")
    assert ([len(chunk) for chunk in source.chunks], source.total) == ([512, 512, 476], 1500)


def test_several_files_are_one_table(tmp_path):
    files = [tmp_path / "a.csv", tmp_path / "b.jsonl", tmp_path / "c.csv"]
    write(files[0], "text,n\none,1\n")
    write(files[1], '{"text": "two", "late": true}\n')
    write(files[2], "text\nБільше тут не замовлятиму, жахлива якість.\n", "cp1251")
    source = open_sources(files)
    assert (source.columns, source.total) == (["text", "n", "late", "sk_file"], 3)
    assert (source.encoding, len(source.notes)) == ("utf-8, cp1251", 1)
    assert [(row["text"][:3], row["sk_file"]) for row in rows_of(source)] == [
        ("one", str(files[0])),
        ("two", str(files[1])),
        ("Біл", str(files[2])),
    ]
    assert open_sources(files[:1]).columns == ["text", "n"]
    with pytest.raises(FileFormatError, match="SK202"):
        open_sources([])


def test_several_parquet_files_keep_common_types(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "n": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": ["b"], "x": [1.5]}), tmp_path / "b.parquet")
    pq.write_table(pa.table({"text": ["c"], "n": ["one"]}), tmp_path / "c.parquet")
    source = open_sources([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    assert source.schema.field("n").type == pa.int64()
    assert source.schema.names == ["text", "n", "x", "sk_file"] == source.columns
    assert open_sources([tmp_path / "a.parquet", tmp_path / "c.parquet"]).schema is None


@pytest.mark.parametrize("given", ["text,n\nfine,1\n", '{"text": "fine", "n": "1"}\n', '[{"text": "fine", "n": "1"}]'])
def test_standard_input(given):
    program = (
        "from pathlib import Path\nfrom sentiment_kit.batch.readers import open_source\n"
        "for _ in range(2): print(list(open_source(Path('-')).chunks))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=given, capture_output=True, text=True, check=True, cwd=PACKAGE
    )
    assert done.stdout == "[[{'text': 'fine', 'n': '1'}]]\n" * 2


@pytest.mark.parametrize(("name", "message"), [("none.csv", "SK202.*does not exist"), ("folder", "SK202.*is a folder")])
def test_what_is_not_there(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileFormatError, match=message):
        open_source(tmp_path / name)


def test_types_stay(tmp_path):
    rows = [{"text": "a", "n": 3, "when": None, "tags": ["a"]}, {"text": None, "n": 4, "when": 1.5, "tags": []}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    assert rows_of(open_source(tmp_path / "in.parquet")) == rows
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert rows_of(open_source(tmp_path / "in.jsonl")) == rows


def test_sheets_that_are_not_read_are_named(tmp_path):
    Workbook = pytest.importorskip("openpyxl").Workbook  # noqa: N806
    book = Workbook()
    book.active.append(["How to read this report"])
    for name, rows in (("Data", [["id", "text"], [1, "one"], [2, "two"]]), ("Sums", [["month", "count"], ["May", 2]])):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "in.xlsx")
    source = open_source(tmp_path / "in.xlsx")
    assert [row["text"] for row in rows_of(source)] == ["one", "two"]
    assert "read sheet 'Data' (2 rows)" in source.notes[0]
    assert "not read sheet 'Sheet' (0 rows), sheet 'Sums' (1 rows)" in source.notes[1]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_memory_stays_flat(tmp_path, suffix):
    text = "Доставка запізнилась. " * 5

    def peak(rows):
        file = tmp_path / f"{rows}{suffix}"
        with file.open("w", encoding="utf-8", newline="") as stream:
            if suffix == ".csv":
                csv.writer(stream).writerows([["id", "text"], *([n, text] for n in range(rows))])
            else:
                json.dump({"total": rows, "reviews": [{"id": n, "text": text} for n in range(rows)]}, stream)
        tracemalloc.start()
        count = sum(len(chunk) for chunk in open_source(file).chunks)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return size

    assert peak(30_000) < 1.2 * peak(10_000)  # the reading blocks alone are a megabyte or two


GOOGLE_PLAY = (
    "Package Name,App Version Code,App Version Name,Reviewer Language,Device,Review Submit Date and Time,"
    "Review Submit Millis Since Epoch,Star Rating,Review Title,Review Text,Developer Reply Text,Review Link"
)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (GOOGLE_PLAY, ("Review Text", "Review Link", "Review Submit Date and Time", "Star Rating", None)),
        (
            "id,rating,title,body,reviewerNickname,createdDate",
            ("body", "id", "createdDate", "rating", "reviewerNickname"),
        ),
        ("id,subject,description,requester_id,created_at", ("description", "id", "created_at", None, "requester_id")),
        (
            "message_id,message_body,message_created_at,message_author_user_id",
            ("message_body", "message_id", "message_created_at", None, "message_author_user_id"),
        ),
        (
            "Review Id,Review Created (UTC),Review Consumer User Id,Review Title,Review Content,Review Stars",
            ("Review Content", "Review Id", "Review Created (UTC)", "Review Stars", "Review Consumer User Id"),
        ),
        (
            "name,comment,starRating,createTime,reviewer.displayName",
            ("comment", "name", "createTime", "starRating", "reviewer.displayName"),
        ),
        (
            "customer_id,review_id,star_rating,review_headline,review_body,review_date",
            ("review_body", "review_id", "review_date", "star_rating", "customer_id"),
        ),
        (
            "title,body,rating,review_date,reviewer_name,reviewer_email,reply",
            ("body", None, "review_date", "rating", "reviewer_email"),
        ),
        (
            "Review ID,Submitted At,Source,Customer,Rating,Review,Agent Reply",
            ("Review", "Review ID", "Submitted At", "Rating", "Customer"),
        ),
        ("番号,投稿日,評価,会員ID,本文", ("本文", "番号", "投稿日", "評価", "会員ID")),
        ("№,Дата,Оцінка,Клієнт,Відгук", ("Відгук", "№", "Дата", "Оцінка", "Клієнт")),
        ("شناسه,تاریخ,امتیاز,مشتری,نظر", ("نظر", "شناسه", "تاریخ", "امتیاز", "مشتری")),
        ("x", ("x", None, None, None, None)),
    ],
)
def test_columns_of_known_exports(header, wanted):
    assert find_columns(header.split(","), [], {}) == Columns(*wanted)


def test_columns_that_the_user_names_win():
    names = ["id", "review", "note", "when"]
    assert find_columns(names, [], {"text": "note", "date": "when"}) == Columns("note", "id", "when")
    with pytest.raises(FileFormatError, match=r"SK203.*'z' \(--customer\).*'id', 'review'"):
        find_columns(names, [], {"customer": "z"})


LONG = "They never answered and the parcel came broken"


def test_the_text_is_found_by_content():
    rows = [{"a": "C-17", "agent reply": LONG * 2, "q1": f"{LONG} {n}", "sk_error": LONG * 9} for n in range(3)]
    assert find_columns(["a", "agent reply", "q1", *COLUMNS], rows, {}).text == "q1"
    usual = [{"comment": LONG * 4, "text": "ok", "n": ""}]
    assert find_columns(["text", "n", "comment"], usual, {}).text == "text"  # the surer name


def test_the_names_of_several_files_are_no_text(tmp_path):
    for name in ("customer survey of spring.csv", "customer survey of autumn.csv"):
        write(tmp_path / name, "Nr,自由にお書きください\n1,対応が遅すぎます。もう二度と買いません\n")
    source = open_sources(sorted(tmp_path.iterdir()))
    assert find_columns(source.columns, next(source.chunks), {}).text == "自由にお書きください"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"q1": LONG, "q2": LONG + "!"}, r"SK204.*several columns may hold the text: 'q1', 'q2'.*--text"),
        ({"review": LONG, "comment": LONG, "n": "1"}, r"SK204.*several.*'review', 'comment'"),
        ({"a": "1", "b": "yes"}, r"SK204.*no column looks like the text.*--text.*'a', 'b'"),
        (
            {"2026-01-31": "2026-02-01", "5": "4", "Nice shop, nice people, will come again": LONG},
            "SK204.*looks like data",
        ),
        ({"The parcel came late.": LONG}, "SK204.*looks like data"),
    ],
)
def test_an_ambiguous_table_is_refused(row, message):
    with pytest.raises(FileFormatError, match=message):
        find_columns(list(row), [row], {})


def test_names_are_made_distinct():
    assert distinct(["text", "text", "text_2", "", None, "column_5"]) == [
        "text", "text_3", "text_2", "column_4", "column_5_2", "column_5",
    ]  # fmt: skip


def test_the_bundled_sample():
    source = open_source(PACKAGE / "corpora" / "samples" / "export.csv")
    assert len(rows_of(source)) == source.total == 340
    assert find_columns(
        source.columns, next(open_source(PACKAGE / "corpora/samples/export.csv").chunks), {}
    ) == Columns("Review", "Review ID", "Submitted At", "Rating", "Customer")
