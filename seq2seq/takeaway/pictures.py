"""A chart as a picture, drawn by vl-convert in a process of its own.

There it takes a second and 80 MB; here every page of the server would stand still meanwhile. Run as a program, this
file reads a Vega-Lite chart from standard input, with "svg" or "png" as argument, and writes the picture.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seq2seq.limits import MAX_PICTURE_SECONDS, MAX_PICTURES

_WIDTH = 800  # pixels; in the app a chart is as wide as there is room
_MARGIN = 16
_SCALE = 2  # pixels of a PNG for each
_ROOT = Path(__file__).parents[2]  # from which Python finds this file by its name
_drawing = threading.BoundedSemaphore(MAX_PICTURES)


def draw_picture(
    spec: Mapping[str, Any], tables: Mapping[str, Iterable[Mapping[str, Any]]], look: Mapping[str, Any], kind: str
) -> bytes:
    """Draws a chart with the faces of this machine; nothing is fetched. Where others are drawn, it waits its turn.

    Args:
        spec: of Vega-Lite.
        tables: name → the rows that it draws.
        look: Vega-Lite's configuration: the ground, the face and the colours that the chart leaves open.
        kind: "svg" or "png".

    Raises:
        subprocess.SubprocessError: it cannot be drawn, or takes too long.
    """
    datasets = {name: [_finite(row) for row in rows] for name, rows in tables.items()}
    chart = {**spec, "width": _WIDTH, "padding": _MARGIN, "datasets": datasets}
    command = [sys.executable, "-m", __spec__.name, kind]
    given = json.dumps([chart, look]).encode()
    limits = {"timeout": MAX_PICTURE_SECONDS, "check": True}
    with _drawing:
        return subprocess.run(command, input=given, capture_output=True, cwd=_ROOT, **limits).stdout


def _finite(row: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a row without what JSON cannot say."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }


# --- The process -----------------------------------------------------------------------------------------------------


_BUNDLED = "'Liberation Sans', "  # vl-convert has it, and it has every sign but those of other scripts
_TEXT = re.compile(r'(<text [^>]*?font-family=")([^"]*)("[^>]*>)([^<]*)')


def _main(kind: str) -> None:
    import vl_convert  # noqa: PLC0415 in no other process

    chart, look = json.load(sys.stdin.buffer)
    config = look | {"font": _BUNDLED + look["font"]}
    svg = _TEXT.sub(_in_its_script, vl_convert.vegalite_to_svg(chart, config=config, allowed_base_urls=[]))
    sys.stdout.buffer.write(svg.encode() if kind == "svg" else vl_convert.svg_to_png(svg, scale=_SCALE))


def _in_its_script(text: re.Match) -> str:
    """Returns a text in a face of its script: in a PNG a single letter that a face lacks puts all in another one."""
    before, faces, after, words = text.groups()
    is_latin = all(character < "\u0250" or unicodedata.category(character)[0] in "PSZ" for character in words)
    return f"{before}{faces if is_latin else faces.replace(_BUNDLED, '')}{after}{words}"


if __name__ == "__main__":
    _main(*sys.argv[1:])
