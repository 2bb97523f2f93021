"""The replay: the decoding step by step and the training, as one page that plays without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seq2seq.takeaway.pages import json_in_html, page_of

_HOST = Path(__file__).with_name("host.js")


class Player(NamedTuple):
    """Something that plays in the browser. Its files are the very ones of the app, and so are its data."""

    name: str
    title: str
    files: Mapping[str, str]  # "html", "css" and "js" of the component
    shows: Mapping[str, Any]  # what can be chosen → the data that it draws then
    choose: str  # what is asked, where there is more than one
    note: str = ""


class Replay(NamedTuple):
    """What stands around the players."""

    language: str
    title: str  # of the lesson
    about: str
    light: str  # variables of the style sheets, "--name: value;" each
    dark: str


def write_replay(replay: Replay, players: Sequence[Player]) -> bytes:
    """Writes players as one page of HTML, which plays from a file: it fetches nothing and runs no other script."""
    data = [json_in_html(list(player.shows.values())) for player in players]
    scripts = [_script(player) for player in players]
    return page_of("replay.html", scripts, replay=replay, players=list(zip(players, data, scripts, strict=True)))


def _script(player: Player) -> str:
    """Returns the component's script, and the lines that stand for Streamlit."""
    component = player.files["js"].replace("export default function", "const component = function", 1)
    return f'const NAME = "{player.name}"\n{component}\n{_HOST.read_text("utf-8")}'
