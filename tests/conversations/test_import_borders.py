"""Where the pieces meet in which a file is read, nothing is lost, doubled or cut: every border is tried."""

import csv
import io

import pytest

from conversations.importing import reading
from conversations.importing.reading import BROKEN, CHUNK_BYTES, Batch, Table

ROWS = [
    ["A1", "Zoé près d’ici", "plain"],
    ["A2", "two\nlines", 'a "quoted" word'],
    ["A3", "\U0001f600 four octets", "comma, inside"],
    ["A4", "日本語", "\n\n"],
    ["A5", "", "end"],
]
#: The number of the line on which each begins.
LINES = [2, 3, 5, 6, 9]


def written(rows: list[list[str]], end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows([["id", "name", "note"], *rows])
    return text.getvalue()


def read(raw: bytes, encoding: str = "utf-8-sig") -> list[Batch]:
    return list(Table(io.BytesIO(raw), encoding, ",").batches())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gb18030"])
def test_a_border_may_lie_anywhere(monkeypatch: pytest.MonkeyPatch, encoding: str, end: str) -> None:
    raw = written(ROWS, end).encode(encoding)
    for octets in range(1, 48):
        monkeypatch.setattr(reading, "CHUNK_BYTES", octets)
        [batch] = read(raw, encoding)
        assert (octets, batch.rows, batch.lines, batch.faults) == (octets, ROWS, LINES, [])
        assert batch.position == len(raw)


@pytest.mark.parametrize("character", ["é", "€", "\U0001f600"])
def test_a_character_of_several_octets_lies_on_the_real_border(character: str) -> None:
    octets = character.encode()
    for before in range(1, len(octets)):
        head = b"id,name\nA1,"
        raw = head + b"x" * (CHUNK_BYTES - len(head) - before) + octets + b"\nA2,last\n"
        [batch] = read(raw)
        name = "x" * (CHUNK_BYTES - len(head) - before) + character
        assert (batch.rows == [["A1", name], ["A2", "last"]], batch.lines) == (True, [2, 3])
        assert BROKEN not in batch.rows[0][1]


@pytest.mark.parametrize("cut", ["x\n|y", "x|\ny", "|x\ny", 'x\ny|"', 'x\ny"|', '"|x\ny'])
def test_a_quoted_line_break_lies_on_the_real_border(cut: str) -> None:
    whole = 'A2,"x\ny",z\nA3,,w\n'
    before = whole.index(cut.replace("|", "")) + cut.index("|")
    head = b"id,name,note\nA1,"
    padding = b"p" * (CHUNK_BYTES - len(head) - 2 - before)
    raw = head + padding + b",\n" + whole.encode()
    assert raw[CHUNK_BYTES:].decode() == whole[before:]
    [batch] = read(raw)
    assert batch.rows[1:] == [["A2", "x\ny", "z"], ["A3", "", "w"]]
    assert (batch.lines, batch.faults) == ([2, 3, 5], [])


def test_a_line_end_of_two_octets_lies_on_the_border() -> None:
    head = b"id,name\r\nA1,"
    raw = head + b"x" * (CHUNK_BYTES - len(head) - 1) + b"\r\nA2,last\r\n"
    [batch] = read(raw)
    assert [row[0] for row in batch.rows] == ["A1", "A2"]
    assert (batch.rows[1], batch.lines) == (["A2", "last"], [2, 3])


def test_a_record_that_begins_in_one_batch_and_ends_in_the_next_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 2)
    raw = written(ROWS, "\n").encode()
    for octets in range(1, 60):
        monkeypatch.setattr(reading, "CHUNK_BYTES", octets)
        batches = read(raw)
        assert [row for batch in batches for row in batch.rows] == ROWS
        assert [line for batch in batches for line in batch.lines] == LINES
        assert [batch.number for batch in batches] == list(range(len(batches)))


def test_a_quote_left_open_over_a_border_spoils_its_line_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = b'id,name\nA1,kim\nA2,"lee\nA3,ann\nA4,"bob"\n'
    for octets in range(1, len(raw) + 1):
        monkeypatch.setattr(reading, "CHUNK_BYTES", octets)
        [batch] = read(raw)
        assert batch.rows == [["A1", "kim"], ["A3", "ann"], ["A4", "bob"]]
        assert [(fault.line, fault.column) for fault in batch.faults] == [(3, "")]
