"""Nasty files: each is read with every row accounted for, or refused with a message that says what to do.

A case is a file's content and what to expect of it: the texts of the rows, in order, or a pattern of the message. What
is read must also survive being written as CSV and read again, and be scored row by row.
"""

import codecs
import csv
import gzip
import importlib.util
import io
import json
import zipfile
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment_kit import FileFormatError
from sentiment_kit.batch.readers import find_columns, open_source
from sentiment_kit.batch.run import score_file
from sentiment_kit.batch.writers import open_writer

JA = ["対応が遅すぎます。もう二度と買いません。", "料理は美味しかったのに、店員の態度が悪い", "サービス最悪"]
UK = ["Більше тут не замовлятиму, жахлива якість.", "Дякую, все швидко і добре!", "Кур'єр запізнився на дві години"]
FA = ["کیفیت خیلی بد بود، پول ما را پس ندادند", "غذا سرد بود و دیر رسید", "دیگه سفارش نمی دم"]
EN = ["Third email, still no answer.", "I won't be ordering here again.", "Great café, naïve staff – £5 for tea"]
ARABIC_KEYBOARD = str.maketrans("یک", "يك")


def table(texts, delimiter=",", end="\n"):
    """Return a small CSV table with ids and the texts quoted."""
    rows = ["id" + delimiter + "text", *(f'{n}{delimiter}"{text}"' for n, text in enumerate(texts))]
    return end.join(rows) + end


def gz(content):
    return gzip.compress(content, mtime=0)


def zst(content):
    return pa.compress(content, codec="zstd", asbytes=True)


def parquet(columns, **options):
    out = io.BytesIO()
    pq.write_table(pa.table(columns) if isinstance(columns, dict) else columns, out, **options)
    return out.getvalue()


HAS_XLSX = all(importlib.util.find_spec(name) for name in ("openpyxl", "xlsxwriter"))


def xlsx(*sheets, merge=None, first=()):
    """Return an XLSX file; a sheet is a list of rows, `first` the rows above those of the first sheet."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"S{number}")
        for row in [*(first if number == 0 else ()), *rows]:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def wrong_dimension(content):
    """Return an XLSX file whose sheet says that it is one cell, as some exporters write."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = data.replace(b'ref="A1:B4"', b'ref="A1"')
                assert b'ref="A1"' in data
            new.writestr(name, data)
    return out.getvalue()


def zipped(name, content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def play_export():
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Package Name", "Reviewer Language", "Review Submit Date and Time", "Star Rating", "Review Title"]
                    + ["Review Text", "Developer Reply Text", "Review Link"])  # fmt: skip
    for text in [*JA, *UK, *FA]:
        writer.writerow(
            ["app", "xx", "2026-01-31T10:00:00Z", 1, "", text, "Thank you for telling us about it!", "http"]
        )
    return codecs.BOM_UTF16_LE + out.getvalue().encode("utf-16-le")


ROWS = [["id", "text"], [1, EN[0]], [2, EN[1]], [3, JA[0]]]
LONG = "Слово " * 5_000_000  # over 50 MB in UTF-8
JSON = [{"text": text} for text in EN]

READ = {
    "utf8.csv": (table(JA).encode(), JA),
    "utf8-bom.csv": (table(UK).encode("utf-8-sig"), UK),
    "utf16-le-bom.csv": (table(UK).encode("utf-16"), UK),
    "utf16-be-bom.tsv": (codecs.BOM_UTF16_BE + table(FA, "\t").encode("utf-16-be"), FA),
    "utf16-le.csv": (table(JA).encode("utf-16-le"), JA),
    "utf16-be.csv": (table(EN).encode("utf-16-be"), EN),
    "cp932.csv": (table(JA).encode("cp932"), JA),
    "euc-jp.csv": (table(JA).encode("euc_jp"), JA),
    "iso-2022-jp.csv": (table(JA).encode("iso2022_jp"), JA),
    "cp1251.csv": (table(UK).encode("cp1251"), UK),
    "koi8-u.csv": (table(UK).encode("koi8_u"), UK),
    "mac.csv": (table(UK).encode("mac_cyrillic"), UK),
    "cp1256.csv": (
        table(FA).translate(ARABIC_KEYBOARD).encode("cp1256"),
        [text.translate(ARABIC_KEYBOARD) for text in FA],
    ),
    "cp1252.csv": (table(EN).encode("cp1252"), EN),
    "late-cp1251.csv": (table(["fine"] * 200_000 + UK).encode("cp1251"), ["fine"] * 200_000 + UK),
    "damaged-utf8.csv": (
        table([*JA * 30, "ok?"]).encode().replace(b"ok?", b"ok\xff"),
        [*JA * 30, "ok\ufffd"],
    ),
    "packed.csv.gz": (gz(table(JA).encode("cp932")), JA),
    "packed.jsonl.zst": (zst("".join(json.dumps(row) + "\n" for row in JSON).encode()), EN),
    "gzip-without-gz.csv": (gz(table(UK).encode()), UK),
    "two-members.csv.gz": (gz(table(EN[:1]).encode()) + gz(b"1,more\n"), [EN[0], "more"]),
    "parquet.gz.parquet": (gz(parquet({"text": EN})), EN),
    "newlines-in-cells.csv": (b'id,text\n1,"two\nlines, ""quoted"""\n2,one\n', ['two\nlines, "quoted"', "one"]),
    "cr-only.csv": (table(EN, end="\r").encode(), EN),
    "crlf.csv": (table(EN, end="\r\n").encode(), EN),
    "semicolons.csv": (table(EN, ";").encode(), EN),
    "pipes.csv": (table(EN, "|").encode(), EN),
    "excel-sep.csv": (b"sep=;\r\n" + table(EN, ";").encode(), EN),
    "nul.csv": (b"id,text\n1,be\0fore\n2,after\n", ["be\0fore", "after"]),
    "control.csv": (b"id,text\n1,a\x01\x0b\x1fb\n2,c\n", ["a\x01\x0b\x1fb", "c"]),
    "one-column-with-commas.csv": (b"text\nGood, nice\nBad, slow, cold\nOk\n", ["Good, nice", "Bad, slow, cold", "Ok"]),
    "blank-lines.csv": (b"\n\nid,text\n\n1,one\n\n\n2,two\n\n", ["one", "two"]),
    "no-last-newline.csv": (b"id,text\n1,one\n2,two", ["one", "two"]),
    "short-rows.csv": (b"id,text,x\n1,one\n2,two,b\n3\n", ["one", "two", None]),
    "newlines-in-header.csv": (
        b'"Ticket\nnumber";Date;"What, did you think?\n(free text)"\n1;2026-01-31;"It came late, and cold"\n',
        ["It came late, and cold"],
    ),
    "cr-with-newlines-in-cells.csv": (b'"i\nd",text\r1,"two\nlines of it"\r2,one\r', ["two\nlines of it", "one"]),
    "cr-cr-lf.csv": (b"id,text\r\r\n1,one\r\r\n2,two\r\r\n", ["one", "two"]),
    "cr-in-quotes.csv": (b'id,text\r\n1,"one\rtwo"\r\n', ["one\rtwo"]),
    "trailing-commas.csv": (b"id,text\n1,one,,,\n2,two,\n", ["one", "two"]),
    "header-only.csv": (b"id,text\n", []),
    "same-headers.csv": (b"text,id,id,id\none,1,2,3\n", ["one"]),
    "nameless.csv": (b",text,\n1,one,x\n", ["one"]),
    "formulas.csv": (
        b'id,text\n1,=1+1\n2,"@SUM(1)"\n3,-5\n4,"-2+cmd|calc"\n5,"\tx"\n6,\'=1\n',
        ["=1+1", "@SUM(1)", "-5", "-2+cmd|calc", "\tx", "'=1"],
    ),
    "unquoted.tsv": (b'id\ttext\n1\t"oops\n2\tfine\n3\tgood "one"\n', ['"oops', "fine", 'good "one"']),
    "line-separators.csv": ("id,text\n1,a\u2028b\u0085c\n".encode(), ["a\u2028b\u0085c"]),
    "huge-cell.csv": (f'id,text\n1,"{LONG}"\n2,end\n'.encode(), [LONG, "end"]),
    "array.json": (json.dumps(JSON, indent=1).encode(), EN),
    "array-utf16.json": (json.dumps(JSON).encode("utf-16"), EN),
    "array.jsonl": (json.dumps(JSON).encode(), EN),
    "lines.json": ("\n".join(map(json.dumps, JSON)).encode(), EN),
    "pretty-objects.json": ("\n".join(json.dumps(row, indent=2) for row in JSON).encode(), EN),
    "wrapped.json": (json.dumps({"reviews": JSON, "totalReviewCount": 3}).encode(), EN),
    "wrapped-last.json": (json.dumps({"total": 3, "next": None, "reviews": JSON}, indent=1).encode(), EN),
    "wrapped.jsonl": (json.dumps({"total": 3, "reviews": JSON}, indent=1).encode(), EN),
    "pages.json": ("\n".join(json.dumps({"reviews": JSON}, indent=1) for _ in "ab").encode(), EN * 2),
    "pages.jsonl": (b'{"reviews": [{"text": "one"}, {"text": "two"}]}\n{"reviews": []}\n', ["one", "two"]),
    "arrays-in-rows.json": ("\n".join(json.dumps({"tags": [{"n": 1}], **row}, indent=1) for row in JSON).encode(), EN),
    "arrays-in-rows.jsonl": (b'{"tags": [{"n": 1}], "q1": "Third email, still no answer."}\n', EN[:1]),
    "late-number.json": (b'{"reviews": [{"text": "one"}],' + b" " * 65_499 + b'"n": 1.5e+10}', ["one"]),
    "blank-lines.jsonl": (b'\xef\xbb\xbf\n{"text": "one"}\n\n\r\n{"text": "two", "x": 1}\n', ["one", "two"]),
    "huge-int-nan.jsonl": (
        b'{"text": "one", "n": 1' + b"0" * 400 + b'}\n{"text": "two", "n": NaN}\n{"text": "three", "n": -Infinity}\n',
        ["one", "two", "three"],
    ),
    "surrogate.jsonl": (b'{"text": "half \\ud800 pair"}\n', ["half \ud800 pair"]),
    "same-names.parquet": (
        parquet(pa.Table.from_arrays([pa.array(EN), pa.array(JA)], names=["text", "text"])),
        EN,
    ),
    "types.parquet": (
        parquet(
            {
                "text": pa.array(EN).dictionary_encode(),
                "at": pa.array([1, 2, 1_700_000_000_000_000_001], pa.timestamp("ns")),
                "bytes": pa.array([b"\xff", b"ok", None]),
                "big": pa.array([2**63, 0, 1], pa.uint64()),
                "list": pa.array([["a"], [], None]),
            }
        ),
        EN,
    ),
    "binary-text.parquet": (parquet({"text": pa.array([text.encode() for text in JA])}), JA),
    "no-rows.parquet": (parquet({"text": pa.array([], pa.string())}), []),
    "small-groups.parquet": (parquet({"text": EN * 700}, row_group_size=300), EN * 700),
    "parquet-named.csv": (parquet({"text": EN}), EN),
    "play-console.csv": (play_export(), [*JA, *UK, *FA]),
}

REFUSED = {
    "empty.csv": (b"", "SK208.*empty"),
    "blank.csv": (b"\n \n\n", "SK208.*empty"),
    "empty.jsonl": (b"\n\n", "SK208.*empty"),
    "empty-array.json": (b"[]", "SK208.*no JSON object"),
    "never-closed.csv": (b'id,text\n1,"oops\n2,fine\n3,good\n', "SK209.*line 2.*never closed.*Write quotes"),
    "stray-quote.csv": (b'id,text\n1,"oops\n2,fine\n3,"good"\n', "SK209.*line 2.*not doubled"),
    "swallowed-rows.csv": (
        b'id,text,x,y\n1,a,b,c\n2,"oops,b,c\n3,a,b,c\n4,a,b,c\n5,a",b,c\n6,a,b,c\n',
        "SK209.*line 3.*Close it",
    ),
    "late-quotes.tsv": (
        b"id\ttext\tx\n" + b"1\tfine\ty\n" * 40_000 + b'2\t"two\nlines"\ty\n',
        "SK209.*line 40002.*quote that is not closed.*Export it",
    ),
    "late-quotes-at-the-end.tsv": (
        b"id\ttext\n" + b"1\tfine\n" * 40_000 + b'2\t"two\nlines"\n',
        "SK209.*line 40003.*quote that is not closed.*Export it",
    ),
    "carriage-return.csv": (b"id,text\r\n1,one\rtwo\r\n2,three\r\n", "SK209.*line 2.*carriage return.*quote the cell"),
    "long-row.csv": (b"id,text\n1,Good, nice\n2,fine\n3,a,b\n", "SK206.*line 2.*3 values.*2 columns.*2 such.*Quote"),
    "title.csv": (b"Report 2026\n" + table(EN * 3).encode(), "SK206.*Delete title lines"),
    "no-header.csv": (b"2026-01-31,5,Great shop and very friendly people\n" * 3, "SK204.*looks like data"),
    "greek.csv": (table(["Πολύ κακή ποιότητα, δεν θα ξαναγοράσω ποτέ"]).encode("cp1253"), "SK205.*--encoding"),
    "korean.csv": (table(["품질이 너무 나쁘고 다시는 여기서 사지 않을 거예요"]).encode("euc_kr"), "SK205.*--encoding"),
    "turkish.csv": (table(["Çok kötü bir ürün, bir daha asla almayacağım, şaşırdım"]).encode("cp1254"), "SK205"),
    "mixed.csv": (table(UK).encode() + table(UK).encode("cp1251"), "SK205.*--encoding"),
    "random.csv": (b"id,text\n" + bytes(range(128, 256)) * 20, "SK205.*--encoding"),
    "truncated.csv.gz": (gz(table(EN * 400).encode())[:-20], "SK208.*export it anew"),
    "truncated.csv.zst": (zst(table(EN * 400).encode())[:-9], "SK208.*export it anew"),
    "flipped.csv.gz": (gz(table(EN).encode())[:-8] + b"\0" * 8, "SK208"),
    "truncated.parquet": (parquet({"text": EN * 100})[:-30], "SK208.*export it anew"),
    "not.parquet": (b"text\nfine\n", "SK208.*not PARQUET by its content"),
    "not.xlsx": (b"id,text\n1,fine\n", "SK208.*not XLSX by its content"),
    "html.xls": (b"<html><table><tr><td>text</td></tr></table></html>", "SK208.*web page.*save it as"),
    "html.csv": (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "SK208.*web page"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "SK208.*old Excel file.*save it as XLSX"),
    "old-named.xlsx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "SK208.*password"),
    "pdf.csv": (b"%PDF-1.7\n", "SK208.*PDF"),
    "zipped.csv": (zipped("reviews.csv", b"text\nfine\n"), "SK208.*ZIP archive.*reviews.csv.*unpack"),
    "reviews.docx": (b"text\nfine\n", "SK201.*wanted a name in .csv, .tsv"),
    "broken-line.jsonl": (b'{"text": "one"}\n{"text": broken\n{"text": "three"}\n', "SK207.*line 2.*Mend or delete"),
    "cut-line.jsonl": (b'{"text": "one"}\n{"text": "tw', "SK207.*line 2"),
    "scalars.json": (b"[1, 2]", "SK207.*wanted a JSON object"),
    "cut-array.json": (json.dumps(JSON).encode()[:-3], "SK207.*object 3"),
    "open-array.json": (json.dumps(JSON).encode()[:-1], "SK207.*cut off"),
    "after-array.json": (json.dumps(JSON).encode() + b"[]", "SK207.*after the end"),
    "two-arrays.json": (
        json.dumps({"reviews": JSON, "authors": [{"name": "x"}]}).encode(),
        "SK207.*the keys 'reviews', 'authors'.*cannot be told.*Put the rows",
    ),
    "text-and-array.json": (json.dumps({"text": "one", "replies": JSON}).encode(), "SK207.*'replies'.*Put the rows"),
    "pages-with-more.json": (
        "\n".join(json.dumps({"next": "https://example.com", "data": JSON}, indent=1) for _ in "ab").encode(),
        "SK207.*'next', 'data'.*Put the rows",
    ),
    "pages-with-late-keys.json": (
        b'{"tags": [{"n": 1}]}\n{"tags": [{"n": 1}],\n "text": "one"}',
        "SK207.*object 2.*found the key 'text'.*only 'tags'",
    ),
    "cut-wrapped.json": (json.dumps({"total": 3, "reviews": JSON}).encode()[:-1], "SK207.*cut off"),
    "no-comma.json": (b'[{"text": "one"} {"text": "two"}]', "SK207.*object 1.*',' or ']' was wanted"),
    "nested.json": (json.dumps({"data": {"reviews": JSON}}).encode(), "SK204.*take the texts out.*'data'"),
    "lists.jsonl": (b'{"comments": ["one", "two"]}\n{"comments": null}\n', "SK204.*take the texts out.*'comments'"),
    "deep.json": (b'[{"text": ' + b"[" * 100_000, "SK207"),
    "digits.jsonl": (b'{"text": "one", "n": ' + b"9" * 5000 + b"}\n", "SK207.*line 1"),
}


if HAS_XLSX:
    READ |= {
        "plain.xlsx": (xlsx(ROWS), [EN[0], EN[1], JA[0]]),
        "xlsx-named.csv": (xlsx(ROWS), [EN[0], EN[1], JA[0]]),
        "titles.xlsx": (xlsx(ROWS, first=[[], ["Customer report"], []]), [EN[0], EN[1], JA[0]]),
        "merged.xlsx": (
            xlsx([*ROWS, [4, "over two rows"], [5, None]], merge="B5:B6"),
            [*[EN[0], EN[1], JA[0]], "over two rows", None],
        ),
        "dates.xlsx": (
            xlsx([["date", "text"], [datetime(2026, 1, 31, 10, 30), "one"], ["31.01.2026", "two"]]),
            ["one", "two"],
        ),
        "formulas.xlsx": (
            xlsx([["id", "text"], ["=1+1", "one"], [2, "=CONCATENATE(A1,A2)"]]),
            ["one", "=CONCATENATE(A1,A2)"],
        ),
        "spread.xlsx": (xlsx(ROWS, [], ROWS), [EN[0], EN[1], JA[0]] * 2),
        "wrong-dimension.xlsx": (wrong_dimension(xlsx(ROWS)), [EN[0], EN[1], JA[0]]),
        "wider-than-header.xlsx": (xlsx([["id", "text"], [1, "one", "note"]]), ["one"]),
    }
    REFUSED |= {
        "empty.xlsx": (xlsx([]), "SK208.*no sheet has a cell"),
        "truncated.xlsx": (xlsx(ROWS)[:-300], "SK208.*export it anew"),
    }


def rows_of(file):
    source = open_source(file)
    rows = [row for chunk in source.chunks for row in chunk]
    assert source.total in {None, len(rows)}
    assert len(set(source.columns)) == len(source.columns)
    assert all(set(row) <= set(source.columns) for row in rows)
    return source, rows


@pytest.mark.parametrize("name", READ)
def test_read(name, tmp_path):
    content, texts = READ[name]
    file = tmp_path / name
    file.write_bytes(content)
    source, rows = rows_of(file)
    text = find_columns(source.columns, rows[:512], {}).text
    assert [row.get(text) for row in rows] == texts
    with open_writer(tmp_path / "again.csv", source.columns, source.schema) as writer:
        writer.write(rows)
    again = rows_of(tmp_path / "again.csv")[1]
    assert [row[text] or "" for row in again] == [
        (wanted or "").encode("utf-8", "backslashreplace").decode() for wanted in texts
    ]


@pytest.mark.parametrize(
    "name", [name for name, (content, texts) in READ.items() if len(texts) < 100 > len(content) / 100]
)
def test_scored(name, tmp_path):
    content, texts = READ[name]
    (tmp_path / name).write_bytes(content)
    summary = score_file(tmp_path / name, tmp_path / "scored.jsonl")
    scored = rows_of(tmp_path / "scored.jsonl")[1] if texts else []
    assert summary.rows == len(scored) == len(texts)
    assert all((row["sk_language"] is None) != (row["sk_error"] is None) for row in scored)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    content, message = REFUSED[name]
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(FileFormatError, match=f"(?s){message}"):
        source = open_source(file)
        find_columns(source.columns, next(source.chunks, []), {})


@pytest.mark.parametrize("name", [name for name, (content, _) in READ.items() if len(content) < 100_000])
@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_cut_off_files_raise_nothing_else(name, kept, tmp_path):
    content = READ[name][0]
    file = tmp_path / name
    file.write_bytes(content[: int(len(content) * kept)])
    try:
        rows_of(file)
    except FileFormatError as error:
        assert len(error.message) > 20


def test_the_zoo_is_large():
    assert len(READ) + len(REFUSED) >= 40
