"""The lesson as pages that stand alone: a report to print, and a replay that plays without this server."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from types import ModuleType

import streamlit as st

from pages.parts.drawing.pictures import look
from pages.parts.drawing.tokens import display_text, source_labels, token_label
from pages.parts.players import replay as replay_player
from pages.parts.players import stepper as stepper_player
from pages.parts.players.outputs import lines_by_epoch, pages_of_sentences
from pages.parts.questions import card
from pages.parts.state import TrainState
from pages.parts.texts import in_this_language, language, text
from pages.parts.theme import Theme, variables_alone
from pages.parts.workspace.session import Session
from seq2seq import Lesson, ModelConfig, TrainingState, Translator
from seq2seq.classroom.run import Run
from seq2seq.lesson import ATTENTIONS
from seq2seq.takeaway.replay import Player, Replay, write_replay
from seq2seq.takeaway.report import ATTENTION_TEXTS, TEXTS, Answered, Report, write_report

_TRAINING = ("epochs", "batch_size", "learning_rate", "patience", "stop_when_right", "held_out", "seed")
_MAX_STEPPED = 3_000_000  # characters of the decodings in a file
_MAX_MAPPED = 4  # sentences of which attention is in a file, after every epoch that was kept
_BRACES = {name: f"{{{name}}}" for name in ("shown", "all", "epoch", "right")}  # which the report fills in


def section(session: Session) -> None:
    """Offers both pages of the model that Translate uses, each made on the click."""
    st.subheader(text("share.pages"), anchor=False)
    st.caption(text("share.pages_how"))
    state = session.trained
    makers = {} if state is None else {"report": _report(session, state), "replay": _replay(session, state)}
    with st.container(horizontal=True):
        for name in ("report", "replay"):
            file = {"data": makers.get(name, b""), "file_name": f"{name}.html", "mime": "text/html"}
            why = text("share.untrained") if state is None else text(f"share.{name}_help")
            button = {
                "icon": ":material/download:",
                "disabled": state is None,
                "help": why,
                "key": f"download-{name}",
                "on_click": "ignore",
            }
            st.download_button(text(f"share.{name}"), **button, **file)


# --- The report ------------------------------------------------------------------------------------------------------


def _report(session: Session, state: TrainingState) -> Callable[[], bytes]:
    """Returns what makes the report; the answers are read now, for that takes a tab."""
    title, answers = text(f"lesson.{session.lesson_name}"), [_plain(answered) for answered in card.told(session)]

    def make() -> bytes:
        texts = {name: text(f"report.{name}", **_BRACES) for name in TEXTS}
        attention = {name: text(f"attention.{name}") for name in ATTENTION_TEXTS}
        theme = Theme(language())  # paper is light
        today, settings = date.today().isoformat(), _settings(state.lesson)
        report = Report(
            theme.language,
            title,
            today,
            settings,
            answers,
            texts,
            attention_texts=attention,
            look=look(theme),
            token_label=token_label,
            source_labels=source_labels,
        )
        return write_report(report, state)

    return in_this_language(make)


def _plain(answered: card.Told) -> Answered:
    """Takes the markdown off the words of the catalogues."""
    words = (value if value is None or isinstance(value, bool) else re.sub(r"\*\*|`+", "", value) for value in answered)
    return Answered(*words)


def _settings(lesson: Lesson) -> list[tuple[str, str]]:
    model = [(text(f"model.{of.name}"), _written(getattr(lesson.model, of.name))) for of in fields(ModelConfig)]
    values = vars(lesson.training) | {"held_out": 100 * lesson.training.held_out}  # in per cent, as it is set
    training = [(text(f"train.{name}"), _written(values[name])) for name in _TRAINING]
    return [*model, *training]


def _written(value: object) -> str:
    if isinstance(value, str):
        return text(f"attention.{value}" if value in ATTENTIONS else f"tokens.{value}")
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return str(value) if isinstance(value, int) else f"{value:g}"


# --- The replay ------------------------------------------------------------------------------------------------------


def _replay(session: Session, state: TrainingState) -> Callable[[], bytes]:
    """Returns what makes the replay of the current run, whose decoding is that of a state of it."""
    title, run, look_at = text(f"lesson.{session.lesson_name}"), Run(session.run.state), session.look_at

    def make() -> bytes:
        light, dark = (variables_alone(Theme(language(), is_dark=is_dark)) for is_dark in (False, True))
        about = text("share.replay_about", epoch=state.epoch, pairs=f"{len(state.lesson.training_rows):,}")
        return write_replay(Replay(language(), title, about, light, dark), [_stepper(state), _training(run, look_at)])

    return in_this_language(make)


def _stepper(state: TrainingState) -> Player:
    """Returns the decoding of the first sentences, as many as a file of some megabytes can hold."""
    lesson, translator, shows, size = state.lesson, Translator(state), {}, 0
    for source in pages_of_sentences(lesson)[0]:
        shown = _decoding(translator, source)
        size += len(json.dumps(shown))
        if shows and size > _MAX_STEPPED:
            break
        shows[display_text(source)] = shown
    note = text("train.shown_of", shown=len(shows), all=f"{len(lesson.targets):,}")
    note = note if len(shows) < len(lesson.targets) else ""
    files = _files(stepper_player)
    return Player("stepper", text("share.decoding"), files, shows, text("share.sentence"), note)


def _decoding(translator: Translator, source: str) -> dict:
    lesson = translator.lesson
    prefix = lesson.prefix(lesson.targets[source][0])
    steps = list(translator.steps(source, prefix))
    has_attention = lesson.model.attention != "none"
    attended = stepper_player.AttendedSource(source_labels(translator, source)) if has_attention else None
    shown = stepper_player.Shown(
        steps,
        [stepper_player.narration(lesson, steps, n, attended) for n in range(len(steps))],
        translator.context(source),
        lesson.target_vocabulary,
        is_given=bool(prefix),
        begins="h, c",
        version=source,
        n=0,
        can_pick=False,
        attended=attended,
    )
    return stepper_player.picture_data(shown, shows_numbers=False)


def _training(run: Run, look_at: int | None) -> Player:
    """Returns the training of the sentences that the page Train shows first."""
    pages = pages_of_sentences(run.state.lesson)
    lines = lines_by_epoch(run, pages[0], TrainState())
    data = replay_player.player_data(run, pages[0], lines, look_at, can_use=False) | {"announcement": ""}
    if attention := replay_player.attention_data(run, pages[0], pages[0][:_MAX_MAPPED], lines, TrainState()):
        data["attention"] = attention | {"rows": list(attention["drawn"])}  # there is nobody to ask for others
    note = text("train.shown_of", shown=len(pages[0]), all=f"{len(run.state.lesson.targets):,}")
    return Player(
        "replay", text("share.training"), _files(replay_player), {"": data}, "", note if len(pages) > 1 else ""
    )


def _files(player: ModuleType) -> dict[str, str]:
    """Returns the files of a component as they stand beside its module."""
    return {kind: Path(player.__file__).with_suffix(f".{kind}").read_text("utf-8") for kind in ("html", "css", "js")}
