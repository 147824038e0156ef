"""Tables out of files: every format, every wrapping, and the nasty ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earful.errors import ConfigurationError, DataError
from ingest.files import Reject, Row, Table, open_table, open_tables, write_rejects, write_rows
from ingest.files.jsontext import read_json_document
from ingest.files.streams import Limits

ROWS = [
    {"id": "1", "text": 'Please bring "soup" back, thanks', "rating": "5"},
    {"id": "2", "text": "Two lines\nof plain praise 🙂", "rating": "4"},
    {"id": "3", "text": "Zażółć gęślą jaźń; 배달이 늦어요", "rating": "1"},
]


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def as_xlsx(grid: list[list[Any]], sheets: tuple[str, ...] = ("Answers",)) -> bytes:
    """A minimal workbook (ECMA-376): ``grid`` on the last sheet, the others empty."""

    def cell(value: Any) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        if isinstance(value, datetime):
            serial = (value - datetime(1899, 12, 30)).total_seconds() / 86400
            return f'<c s="1"><v>{serial}</v></c>'
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packed = "http://schemas.openxmlformats.org/package/2006"
    full = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in grid)
    numbered = list(enumerate(sheets, 1))
    pages = {
        number: f'<worksheet xmlns="{main}"><sheetData>{full if number == len(sheets) else ""}'
        "</sheetData></worksheet>"
        for number, _ in numbered
    }
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packed}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packed}/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packed}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n, _ in numbered
        )
        + f'<Relationship Id="r99" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/s{number}.xml": page for number, page in pages.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def as_lines(rows: list[dict[str, str]]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


FORMATS: dict[str, Callable[[], bytes]] = {
    "csv": lambda: as_csv(ROWS),
    "tsv": lambda: as_csv(ROWS, "\t"),
    "json": lambda: json.dumps(ROWS).encode(),
    "jsonl": lambda: as_lines(ROWS),
    "parquet": lambda: as_parquet(ROWS),
    "xlsx": lambda: as_xlsx([list(ROWS[0]), *(list(row.values()) for row in ROWS)]),
}


def wrap(data: bytes, name: str, wrapping: str) -> tuple[bytes, str]:
    if wrapping == "gz":
        return gzip.compress(data), f"{name}.gz"
    if wrapping == "zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as packed:
            packed.write(data)
        return sink.getvalue().to_pybytes(), f"{name}.zst"
    if wrapping == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"export/{name}", data)
            archive.writestr("__MACOSX/._junk.csv", b"\x00\x05")
            archive.writestr("README.md", b"# an export")
        return out.getvalue(), f"{name}.zip"
    return data, name


def table_of(tmp_path: Path, data: bytes | str, name: str = "export.csv") -> Table:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_table(path)


def drain(path: Path, limits: Limits | None = None) -> int:
    return sum(len(list(table)) for table in open_tables(path, limits=limits))


def split(table: Table) -> tuple[list[Row], list[Reject]]:
    records = list(table.records())
    return (
        [one for one in records if isinstance(one, Row)],
        [one for one in records if isinstance(one, Reject)],
    )


@pytest.mark.parametrize("wrapping", ["", "gz", "zst", "zip"])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_in_every_wrapping(tmp_path: Path, kind: str, wrapping: str) -> None:
    """The same three rows come out of each of the 24 combinations."""
    data, name = wrap(FORMATS[kind](), f"export.{kind}", wrapping)
    table = table_of(tmp_path, data, name)
    assert table.columns == ("id", "text", "rating")
    assert [row.values for row in table] == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_detected_whatever_the_name(tmp_path: Path, delimiter: str) -> None:
    """The content decides: a file called .csv may be separated by anything usual."""
    table = table_of(tmp_path, as_csv(ROWS, delimiter))
    assert [row.values for row in table] == ROWS


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """A record that spans lines is reported by its first one; blank lines count."""
    table = table_of(tmp_path, 'id,text\n1,"a\nb\nc"\n\n2,d\n')
    assert [row.line for row in table] == [2, 6]


def test_short_and_long_rows_are_set_aside(tmp_path: Path) -> None:
    """They are rejects with line, reason and the fields; the others go on."""
    rows, rejects = split(
        table_of(tmp_path, "id,text,place\n1,a,b\n2,a\n3,a,b,c\n4,a,b,,\n5,a,b\n")
    )
    assert [row.values["id"] for row in rows] == ["1", "4", "5"]
    assert [(one.line, one.raw) for one in rejects] == [
        (3, '["2", "a"]'),
        (4, '["3", "a", "b", "c"]'),
    ]
    assert "too short: 2 fields where the header has 3" in rejects[0].reason


@pytest.mark.parametrize("after", [3, 3000])
def test_an_unclosed_quote_costs_one_row(tmp_path: Path, after: int) -> None:
    """Whether the file ends or another quote follows, the next rows are read as rows."""
    plain = "".join(f"{n},good words,5\n" for n in range(after))
    quoted = "".join(f'{n},"good, words",5\n' for n in range(after))
    for following in (plain, quoted):
        rows, rejects = split(
            table_of(tmp_path, f'id,text,rating\n0,fine,4\n1,"never closed,3\n{following}')
        )
        assert [one.line for one in rejects] == [3]
        assert "not closed" in rejects[0].reason
        assert "never closed" in rejects[0].raw
        assert len(rows) == after + 1


def test_an_unclosed_quote_that_closes_later_is_noticed(tmp_path: Path) -> None:
    """Rows that stand inside a quoted text, whole, were not meant as text."""
    body = '1,"open,3\n2,plain,4\n3,plain,4\n4,plain 5",4\n5,plain,5\n'
    rows, rejects = split(table_of(tmp_path, f"id,text,rating\n{body}"))
    assert [one.line for one in rejects] == [2]
    assert [row.values["id"] for row in rows] == ["2", "3", "4", "5"]


def test_sloppy_quotes_inside_a_line_are_borne(tmp_path: Path) -> None:
    """Inner quotes that were not doubled do not cost the row."""
    rows, rejects = split(table_of(tmp_path, 'id,text\n1,"he said "no" to me"\n2,"a 5"" pipe"\n'))
    assert not rejects
    assert rows[0].values["text"] == 'he said no" to me"'
    assert rows[1].values["text"] == 'a 5" pipe'


def test_backslash_quotes_are_detected(tmp_path: Path) -> None:
    """Exports of databases escape a quote by a backslash."""
    rows, rejects = split(
        table_of(tmp_path, 'id,text\n1,"she said \\"yes, please\\", twice"\n2,"ok, fine"\n')
    )
    assert not rejects
    assert rows[0].values["text"] == 'she said "yes, please", twice'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_encodings(tmp_path: Path, encoding: str) -> None:
    """With a byte order mark or without, the text comes out whole."""
    text = "id,text\n" + "".join(f"{n},café über 배달 please\n" for n in range(50))
    table = table_of(tmp_path, text.encode(encoding))
    assert table.columns == ("id", "text")
    assert {row.values["text"] for row in table} == {"café über 배달 please"}


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("cp1252", "Die Brötchen wären schöner früh am Morgen, größer und süßer – „bitte“"),
        (
            "cp1250",
            "Proszę o większe porcje, żeby wystarczyło na całą naszą rodzinę, źle się czuję",
        ),
        ("cp949", "아침 메뉴를 저녁에도 팔아 주세요 정말 부탁드립니다 배달이 너무 늦어요"),
        ("cp1251", "Пожалуйста, верните суп в меню, мы очень ждём и скучаем"),
    ],
)
def test_other_encodings_are_guessed_and_said(tmp_path: Path, encoding: str, sentence: str) -> None:
    """The likeliest encoding is used from the first foreign byte on, and named in the notes."""
    plain = "".join(f"{n};nothing but plain words here\n" for n in range(40_000))
    lines = "".join(f"{n};{sentence}\n" for n in range(40))
    table = table_of(tmp_path, f"id;text\n{plain}{lines}".encode(encoding))
    assert [row.values["text"] for row in table][-1] == sentence
    assert any("not UTF-8" in note for note in table.notes)


def test_undecodable_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    """A few broken bytes in UTF-8 do not turn the whole file into another encoding."""
    lines = "".join(f"{n},très bien café\n" for n in range(20)).encode()
    table = table_of(tmp_path, b"id,text\n" + lines + b"99,br\xffken\n")
    assert [row.values["text"] for row in table][-1] == "br\ufffdken"
    assert any("1 bytes could not be decoded" in note for note in table.notes)


def test_mixed_line_ends(tmp_path: Path) -> None:
    """All three line ends count as ends, and lines are numbered by them."""
    table = table_of(tmp_path, b"id,text\r\n1,a\n2,b\r3,c\r\n")
    assert [(row.line, row.values["id"]) for row in table] == [(2, "1"), (3, "2"), (4, "3")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_across_chunks(tmp_path: Path, end: str) -> None:
    r"""A \r\n cut in two by the reading buffer is one line end, and a lone \r there is one too."""
    long = "x" * ((1 << 20) - len("id,text\r\n1,") - 1)
    table = table_of(tmp_path, f"id,text\r\n1,{long}{end}2,b\r\n")
    assert [(row.line, len(str(row.values["text"]))) for row in table] == [(2, len(long)), (3, 1)]


def test_nul_and_a_field_of_ten_megabytes(tmp_path: Path) -> None:
    """Neither stops the reading."""
    huge = "please bring it back\n" * 500_000
    table = table_of(tmp_path, f'id,text\n1,"a\x00b"\n2,"{huge}"\n3,c\n')
    rows = list(table)
    assert [row.values["text"] for row in rows] == ["a\x00b", huge, "c"]
    assert rows[2].line == 3 + 500_001


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "id,text\n", "id,text"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_empty_files_hold_no_rows(tmp_path: Path, content: str, suffix: str) -> None:
    """Nothing, blank lines or a header alone are tables without rows."""
    if suffix != "csv" and "id" in content:
        content = "" if suffix == "jsonl" else "[]"
    assert list(table_of(tmp_path, content, f"empty.{suffix}")) == []


def test_doubled_and_empty_header_names(tmp_path: Path) -> None:
    """Every column keeps a name of its own, and the doubles are said."""
    table = table_of(tmp_path, "text,text,,id\na,b,c,1\n")
    assert table.columns == ("text", "text (2)", "column 3", "id")
    assert any("twice" in note for note in table.notes)


def test_a_file_without_a_header(tmp_path: Path) -> None:
    """A first row of data is a row, not a header."""
    table = table_of(tmp_path, "1,2024-01-02,please add rice\n2,2024-01-03,good\n")
    assert table.columns == ("column 1", "column 2", "column 3")
    assert len(list(table)) == 2


def test_one_column_of_sentences(tmp_path: Path) -> None:
    """Commas in prose do not make columns."""
    table = table_of(tmp_path, "text\nWell, I like it, really\nMore soup, please\nok\n")
    assert next(row.values for row in table) == {"text": "Well, I like it, really"}


def test_the_sep_line_of_excel(tmp_path: Path) -> None:
    """It names the delimiter and is no row; lines are still those of the file."""
    table = table_of(tmp_path, "sep=;\nid;text\n1;a, b\n")
    assert [(row.line, row.values) for row in table] == [(3, {"id": "1", "text": "a, b"})]


@pytest.mark.parametrize(
    "document",
    [
        {"data": ROWS},
        {"meta": {"page": 1}, "tags": ["x"], "data": {"items": ROWS}, "next": None},
        {"count": 3, "reviews": ROWS},
    ],
)
def test_a_json_object_that_holds_the_list(tmp_path: Path, document: dict[str, Any]) -> None:
    """The first list of objects is the table, wherever it stands, and is named in the notes."""
    table = table_of(tmp_path, json.dumps(document, indent=1), "export.json")
    assert [row.values for row in table] == ROWS
    assert any("the list" in note for note in table.notes)


def test_nested_objects_become_dotted_columns(tmp_path: Path) -> None:
    """Objects flatten, lists stay as JSON, types stay."""
    record = {"text": "a", "user": {"name": "Kim", "age": 3}, "tags": ["x", "y"], "ok": True}
    table = table_of(tmp_path, json.dumps([record]), "export.json")
    assert next(iter(table)).values == {
        "text": "a",
        "user.name": "Kim",
        "user.age": 3,
        "tags": '["x", "y"]',
        "ok": True,
    }


def test_broken_json_costs_what_is_broken(tmp_path: Path) -> None:
    """Lines and elements that cannot be read are rejects; the ones after them are rows."""
    rows, rejects = split(
        table_of(tmp_path, '{"text": "a"}\n{"text": broken}\n5\n{"text": "b"}\n', "x.jsonl")
    )
    assert ([row.line for row in rows], [one.line for one in rejects]) == ([1, 4], [2, 3])
    rows, rejects = split(
        table_of(tmp_path, '[{"text": "a"},\n{"text": broken},\n{"text": "b"}\n]', "x.json")
    )
    assert ([row.line for row in rows], [one.line for one in rejects]) == ([1, 3], [2])
    rows, rejects = split(table_of(tmp_path, '[{"text": "a"},\n{"te', "cut.json"))
    assert (len(rows), len(rejects)) == (1, 1)


def test_json_deeper_than_any_comment_is_a_reject(tmp_path: Path) -> None:
    """Nesting without end must not end the run."""
    rows, rejects = split(
        table_of(tmp_path, '{"text": ' + "[" * 200_000 + "\n" + '{"text": "b"}\n', "x.jsonl")
    )
    assert (len(rows), len(rejects)) == (1, 1)


def test_a_json_list_longer_than_the_buffer(tmp_path: Path) -> None:
    """Elements cut by the reading buffer are whole, and their lines right."""
    rows = [{"id": number, "text": "é" * 300} for number in range(9_000)]
    document = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]"
    read = list(table_of(tmp_path, document, "long.json"))
    assert [row.values for row in read] == rows
    assert [row.line for row in read] == list(range(2, 9_002))


@given(st.integers(0, 60))
def test_a_json_value_may_be_cut_anywhere(at: int) -> None:
    """Where the reading buffer ends makes no difference, inside a number neither."""
    document = '{"n": 1234, "text": "a\\u00e9", "deep": {"x": [1, 25]}, "ok": true}'
    pieces = iter([document[:at], document[at:]])
    assert list(read_json_document(pieces, "x", [])) == [(1, json.loads(document))]


def test_excel_dates_titles_and_sheets(tmp_path: Path) -> None:
    """Dates are dates, a title above the table is passed over, rows bear the sheet's numbers."""
    grid: list[list[Any]] = [
        ["Survey of May"],
        ["id", "answer", "at"],
        [7, "more rice", datetime(2024, 5, 3, 9, 30)],
        [8, "", datetime(2024, 5, 4)],
    ]
    table = table_of(tmp_path, as_xlsx(grid, ("Cover", "Answers")), "survey.xlsx")
    rows = list(table)
    assert table.columns == ("id", "answer", "at")
    assert rows[0].line == 3
    assert rows[0].values["at"] == datetime(2024, 5, 3, 9, 30)
    assert any("'Answers'" in note for note in table.notes)
    with pytest.raises(ConfigurationError, match="Did you mean 'Answers'"):
        open_table(tmp_path / "survey.xlsx", sheet="Answer")


def test_an_archive_gives_every_table_and_says_what_it_left(tmp_path: Path) -> None:
    """Tables in an archive come one after the other; archives inside are left out, aloud."""
    inner, _ = wrap(as_csv(ROWS), "deep.csv", "zip")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("../../etc/a.csv", as_csv(ROWS))
        archive.writestr("b/c.jsonl.gz", gzip.compress(as_lines(ROWS)))
        archive.writestr("deep.zip", inner)
    before = set(tmp_path.rglob("*"))
    tables = list(open_tables(tmp_path / "all.zip"))
    assert [len(list(table)) for table in tables] == [3, 3]
    assert "deep.zip is an archive in an archive" in " ".join(tables[0].notes)
    assert set(tmp_path.rglob("*")) == before
    with pytest.raises(DataError, match="more than one table"):
        open_table(tmp_path / "all.zip")


@pytest.mark.parametrize("wrapping", ["gz", "zst", "zip"])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, wrapping: str) -> None:
    """What comes out is measured against what went in, whatever the archive claims."""
    data, name = wrap(b"id,text\n" + b"0" * 30_000_000, "bomb.csv", wrapping)
    path = tmp_path / name
    path.write_bytes(data)
    limits = Limits(ratio=100, free_bytes=1 << 20)
    with pytest.raises(DataError, match="zip bomb"):
        drain(path, limits)


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """Excel files are archives too."""
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(as_xlsx([["text"], ["0" * 30_000_000]]))
    with pytest.raises(DataError, match="far more than its size"):
        next(open_tables(path, limits=Limits(ratio=100, free_bytes=1 << 20)))


@pytest.mark.parametrize("wrapping", ["gz", "zst"])
def test_a_download_that_broke_off_gives_what_is_there(tmp_path: Path, wrapping: str) -> None:
    """Rows before the break are rows; the break is a reject and a note."""
    rows = [{"id": str(n), "text": f"please {n * 7919 % 1009}"} for n in range(200_000)]
    data, name = wrap(as_csv(rows), "cut.csv", wrapping)
    table = table_of(tmp_path, data[: len(data) * 3 // 4], name)
    good, rejects = split(table)
    assert 1_000 < len(good) < 200_000
    assert "breaks off" in rejects[-1].reason
    assert any("up to line" in note for note in table.notes)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.parquet", b"PAR1 nonsense"),
        ("a.parquet", b"id,text\n1,a\n"),
        ("a.xlsx", b"not a workbook"),
        ("a.csv", bytes(range(256)) * 40),
        ("a.zip", b"PK\x03\x04 nonsense"),
        ("a.json", b"hello"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, name: str, data: bytes) -> None:
    """The error names the file and says what to do."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        drain(path)
    assert "a." in caught.value.where
    assert caught.value.next_step


def test_a_missing_file_is_a_wrong_call(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is the caller's mistake."""
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(ConfigurationError):
            next(open_tables(path))


cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_round_trip(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, end: str
) -> None:
    """What the csv module writes, all quoted, is read back equal, whatever the texts hold."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text", "place"])
    writer.writerows(rows)
    path = tmp_path / "round.csv"
    path.write_bytes(out.getvalue().encode())
    table = open_table(path)
    assert [tuple(row.values.values()) for row in table] == rows


scalars = st.one_of(cell, st.integers(-(2**53), 2**53), st.booleans(), st.none())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({"id": scalars, "text": cell}), min_size=1, max_size=12))
@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_json_round_trip(tmp_path: Path, suffix: str, rows: list[dict[str, Any]]) -> None:
    """JSON comes back equal, types included."""
    path = tmp_path / f"round.{suffix}"
    content = json.dumps(rows) if suffix == "json" else "\n".join(map(json.dumps, rows))
    path.write_text(content, encoding="utf-8")
    assert [row.values for row in open_table(path)] == rows


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_written_rows_are_read_back(tmp_path: Path, name: str) -> None:
    """write_rows and open_table are inverse; no half-written file stays."""
    path = tmp_path / name
    assert write_rows(path, iter(ROWS)) == 3
    assert [row.values for row in open_table(path)] == ROWS
    with pytest.raises(ZeroDivisionError):
        write_rows(path, (1 / 0 for _ in range(2)))  # type: ignore[misc]
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert len(list(open_table(path))) == 3
    with pytest.raises(ConfigurationError):
        write_rows(tmp_path / "out.csv", ROWS)


def test_rejects_are_written_whole(tmp_path: Path) -> None:
    """Every reject is a row with its raw content; without any there is no file."""
    path = tmp_path / "rejects.csv"
    assert write_rejects(path, []) == 0
    assert not path.exists()
    raw = json.dumps(["1", 'a "quoted"\nline, with all'])
    assert write_rejects(path, (Reject(n, "too short", raw, "a.csv") for n in range(3))) == 3
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["0", "1", "2"]
    assert json.loads(rows[0]["raw"])[1] == 'a "quoted"\nline, with all'


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    """Reading four times as many rows takes no more memory."""

    def peak(rows: int) -> int:
        records = [{"id": str(n), "text": f"row {n} " + "words " * 60} for n in range(rows)]
        made = {
            "csv": as_csv,
            "jsonl": as_lines,
            "json": lambda all_rows: json.dumps(all_rows).encode(),
            "parquet": as_parquet,
        }[kind](records)
        path = tmp_path / f"big{rows}.{kind}"
        path.write_bytes(made)
        del made, records
        tracemalloc.start()
        for _ in open_table(path):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(32_000) < 1.5 * peak(8_000)
