"""Workbooks and archives for tests, written by hand: nothing else here needs a library that writes them."""

import io
import zipfile
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(files):
    """Returns a zip archive of some files: name → content."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


def xlsx(sheets):
    """Returns an Excel workbook: name of a sheet → its cells, place → text or number, e.g. {"A1": "Hello."}."""
    numbers = dict(enumerate(sheets, start=1))
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, name in numbers.items())
    related = "".join(
        f'<Relationship Id="s{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/{n}.xml"/>' for n in numbers
    )
    files = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="b" Type="{_RELATIONS}/officeDocument" '
        f'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>',
    }
    for n, name in numbers.items():
        cells = "".join(f"<row>{_cell(place, value)}</row>" for place, value in sheets[name].items())
        files[f"xl/worksheets/{n}.xml"] = f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'
    return zipped(files)


def _cell(place, value):
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def ods(rows):
    """Returns a LibreOffice workbook of one sheet."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    cells = ("".join(cell.format(escape(text)) for text in row) for row in rows)
    lines = "".join(f"<table:table-row>{row}</table:table-row>" for row in cells)
    space = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{lines}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    return zipped(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{manifest}">{entry}</manifest:manifest>',
            "content.xml": content,
        }
    )
