"""Pages in Streamlit's app tester: opening them, acting on them, and what they say, in English."""

import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from pages.parts.menu import PAGES
from pages.parts.state import FrameState, TranslateState
from pages.parts.texts import catalogue
from pages.parts.workspace.rows import Table
from pages.parts.workspace.session import NamedRun, Session
from seq2seq import NOTEBOOK_PAIRS
from seq2seq.classroom.run import Run
from seq2seq.classroom.supplied_lessons import suggested_settings

ROOT = Path(__file__).parents[2]
TEXTS = catalogue("en")


class StandInEngine:
    """Takes runs and trains none of them."""

    ready = True

    def __init__(self):
        self.submitted: list[Run] = []

    def resume(self, run, epochs=None, student=None):
        self.submitted.append(run)
        run._begin(epochs)

    def pause(self, run):
        if run.is_active:
            run.status = "paused"


def new_session(rows=None, run=None, model=None, training=None) -> Session:
    """Returns a session: of the notebook's pairs and what is suggested for them, or as a run has it, unless given."""
    if run is not None:
        lesson = run.state.lesson
        rows, model, training = rows or lesson.pairs, model or lesson.model, training or lesson.training
    table = Table.of(NOTEBOOK_PAIRS if rows is None else rows)
    suggested = suggested_settings(len(table.rows))
    session = Session("own", table, table, model or suggested[0], training or suggested[1])
    session.asks = False  # questions hold answers back: see test_card.py
    if run is not None:
        session.run = run
        session.runs = [NamedRun(run, "1.", (lesson.pairs, lesson.model), lesson=(session.lesson_name, table.rows))]
    return session


def a_run(state, status="finished", stop_reason="epochs", **attributes) -> Run:
    run = Run(state)
    for name, value in ({"status": status, "stop_reason": stop_reason, "queue_position": 0} | attributes).items():
        setattr(run, name, value)
    return run


def open_page(page, session=None, language="en", **states) -> AppTest:
    """Opens a page as a deep link does, with other states if given; without a session as a new student does."""
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    if session is not None:
        states["session"] = session
    for name, state in ({"FrameState": FrameState(language)} | states).items():
        app.session_state[name] = state
    return visit(app, page)


def open_section(section, state, sentence="Hello.", opened=(), **remembered) -> AppTest:
    """Opens a section of the page Translate.

    Args:
        section, sentence: what is looked at.
        state: the trained model.
        opened: keys of the tables behind pictures that are open.
        remembered: other fields of `TranslateState`.
    """
    states = {"TranslateState": TranslateState(sentence=sentence, section=section, **remembered)}
    return open_page("translate", new_session(run=a_run(state)), **states, **dict.fromkeys(opened, True))


def visit(app, page) -> AppTest:
    app.switch_page(PAGES[page][0])
    return checked(app.run())


def checked(app) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


# --- What a page says ------------------------------------------------------------------------------------------------


def said(app) -> list[str]:
    """Returns what the app itself says on a page; sentences of students stand in `st.text`, tables and charts."""
    elements = [*app.title, *app.header, *app.subheader, *app.markdown, *app.caption]
    elements += [*app.info, *app.warning, *app.error, *app.success]
    widgets = [*app.button, *app.selectbox, *app.multiselect, *app.text_input, *app.number_input, *app.toggle]
    widgets += app.file_uploader
    return [
        *(element.value for element in elements),
        *(widget.label for widget in widgets),
        *(widget.help for widget in widgets if getattr(widget, "help", "")),
        *(link.value for link in app.get("page_link")),
        *(bar.text for bar in app.get("progress")),
    ]


def pattern_of(text, **values) -> str:
    """Returns what finds a text, whatever is in those of its braces that are not given."""
    parts = re.split(r"\{(\w+)\}", text.strip())  # every second one is a name
    parts[1::2] = (re.escape(str(values[name])) if name in values else ".+" for name in parts[1::2])
    parts[::2] = map(re.escape, parts[::2])
    return "".join(parts)


def shows(app, key, language="en", **values) -> bool:
    """Tells whether a text of the catalogue stands on a page; see `pattern_of`."""
    pattern = pattern_of(catalogue(language)[key], **values)
    return any(re.search(pattern, text) for text in said(app))


def links(app) -> list[str]:
    """Returns the links below a page's title."""
    return [link.value for link in app.main.get("page_link")]


def plain_texts(app) -> list[str]:
    """Returns what stands in plain text: the sentence, its translation, what was changed, problems of rows …"""
    return [element.value for element in app.text]


def table_with(app, key) -> pd.DataFrame:
    """Returns the table that has a column of some name."""
    return next(table.value for table in app.dataframe if TEXTS[key] in table.value.columns)


def picture(app) -> dict:
    """Returns what the stepper, or the replay, has to draw: all through which the browser goes step by step."""
    return json.loads(player(app).proto.json)


def player(app):
    """Returns the stepper, or the replay."""
    drawn = app.main.get("bidi_component")
    return next(component for component in drawn if component.proto.component_name in ("stepper", "replay"))


def narrations(app) -> list[str]:
    return [step["narration"] for step in picture(app)["steps"]]


def ending(key, **values) -> str:
    """Returns the last line of a narration where the translation has ended."""
    return "⚑ " + TEXTS[f"translate.ended_{key}"].format(**values)


def chart(app, key, **values):
    """Returns a chart by a text of the catalogue: its description, or what a curve of the training measures."""
    words = TEXTS[key].format(**values)
    alts = words, TEXTS["train.curve_alt"].format(measure=words)
    return next(chart.proto for chart in app.get("vega_lite_chart") if chart.proto.alt in alts)


def chart_tables(app, key, **values) -> dict[str, pd.DataFrame]:
    """Returns the tables that a chart draws, by their names; see `chart`."""
    datasets = chart(app, key, **values).datasets
    return {data.name: pa.ipc.open_stream(data.data.data).read_pandas() for data in datasets}


# --- What a student does ---------------------------------------------------------------------------------------------


def button(app, key):
    return next(button for button in app.button if button.label == TEXTS[key])


def click(app, key) -> AppTest:
    return checked(button(app, key).click().run())


def choose(app, key, value) -> AppTest:
    """Chooses something in the selectbox of a label."""
    box = next(box for box in app.selectbox if box.label == TEXTS[key])
    return checked(box.set_value(value).run())


def translate(app, sentence) -> AppTest:
    return checked(app.text_input[0].set_value(sentence).run())


def edit(app, edited=(), added=(), deleted=()) -> AppTest:
    """Sends what the table would send from the browser: all that was changed since it began."""
    edits = {"edited_rows": dict(edited), "added_rows": list(added), "deleted_rows": list(deleted)}
    return send(app, app.data_editor[0].proto, edits)


def send(app, proto, value) -> AppTest:
    """Sends what the browser would send for an element."""
    states = app._tree.get_widget_states()
    states.widgets.add(id=proto.id, string_value=json.dumps(value))
    return checked(app._run(states))
