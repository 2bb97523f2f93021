"""Workbooks of Excel and LibreOffice → rows of cells, read by calamine in a process of its own.

A small file can ask for any amount of memory: a cell at the far corner of a sheet, a zip that unpacks to a thousand
times its size. Here it costs that process, not the server that thirty students are using. Run as a program, this file
reads a workbook from standard input, with the name of a sheet as argument, and writes JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from python_calamine import CalamineWorkbook

from seq2seq.data.checks import Problem
from seq2seq.data.delimited import Row, Table
from seq2seq.limits import MAX_FILE_BYTES, MAX_PAIRS, MAX_WORKBOOK_BYTES, MAX_WORKBOOK_SECONDS

_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"  # stands unpacked at the beginning of the zip
_ROOT = Path(__file__).parents[2]  # from which Python finds this file by its name
_MEMBER, _MAX_MEMBERS = b"PK\x01\x02", 5000  # begins each entry of a zip's list; a workbook has some dozens
_PACKED = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh")


class Workbook(NamedTuple):
    """A workbook with one of its sheets read."""

    sheets: list[str]  # that hold anything
    sheet: str  # the one that was read
    table: Table


def is_workbook(content: bytes) -> bool:
    """Tells whether a file is a workbook, by what is in it."""
    names = _names(content)
    if content.startswith(_OLD_OFFICE):  # which of its programs wrote it is said by a name inside
        return any(name.encode("utf-16-le") in content for name in ("Workbook", "Book"))
    return _OPEN_DOCUMENT in content[:100] or "xl/workbook.xml" in names or "xl/workbook.bin" in names


def packed(content: bytes) -> Problem | None:
    """Returns what is wrong with a file that is no workbook but packed, or a document of another program."""
    names = _names(content)
    if content.startswith(_OLD_OFFICE) or "[Content_Types].xml" in names or "mimetype" in names:
        return Problem("document")
    inside = [name for name in names if not name.endswith("/")]
    if inside:
        return Problem("archive", {"file": inside[0]})
    if content.startswith((_ZIP, *_PACKED)):
        return Problem("archive_unreadable")
    return None


def read_workbook(content: bytes, sheet: str | None = None) -> Workbook | Problem:
    """Reads a sheet of a workbook, without a name the first one that holds anything; or returns what is wrong with it.

    The cells are what stands in them: a number as Excel shows it without a format, a date as 2000-01-31.
    """
    command = [sys.executable, "-m", __spec__.name, *([sheet] if sheet else [])]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=MAX_WORKBOOK_SECONDS, check=True, cwd=_ROOT
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return Problem("workbook_unreadable")
    sheets, name, rows = json.loads(done.stdout)
    return Workbook(sheets, name, Table([Row(line, cells) for line, cells in rows], []))


def _names(content: bytes) -> list[str]:
    """Returns what is in a zip, where that can be read and is not so much that listing it alone takes long."""
    if not content.startswith(_ZIP) or content.count(_MEMBER) > _MAX_MEMBERS:
        return []
    with contextlib.suppress(zipfile.BadZipFile, NotImplementedError, UnicodeError):
        return zipfile.ZipFile(io.BytesIO(content)).namelist()
    return []


# --- The process -----------------------------------------------------------------------------------------------------


def _main(sheet: str | None = None) -> None:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheets = [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).end is not None]
    name = sheet or (sheets or workbook.sheet_names)[0]
    read = workbook.get_sheet_by_name(name)
    rows, size = [], 0
    for line, cells in enumerate(([_text(cell) for cell in cells] for cells in read.iter_rows()), 1):
        if any(cells):
            rows.append((line, cells))
        size += sum(map(len, cells))
        if size > MAX_FILE_BYTES:
            sys.exit("too large")
        if len(rows) > MAX_PAIRS + 1:  # with a heading
            break
    print(json.dumps([sheets, name, rows]))


def _text(cell: object) -> str:
    """Returns a cell as it would be typed: numbers of a workbook are all floats, 7 is 7.0."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


if __name__ == "__main__":
    with contextlib.suppress(ImportError):  # on Windows there is no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_WORKBOOK_BYTES, MAX_WORKBOOK_BYTES))
    _main(*sys.argv[1:])
