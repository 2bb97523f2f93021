"""Pages in Streamlit's app tester: opening them, acting on them, and what they say."""

import json
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from pages.parts.frame import PAGES
from pages.parts.rows import Table
from pages.parts.session import NamedRun, Session
from pages.parts.state import FrameState, TranslateState
from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS
from seq2seq.classroom.lessons import suggested_settings
from seq2seq.classroom.run import Run

ROOT = Path(__file__).parents[2]


class StandInEngine:
    """Takes runs and trains none of them."""

    ready = True

    def __init__(self):
        self.submitted: list[Run] = []

    def resume(self, run, epochs=None):
        self.submitted.append(run)
        run._begin(epochs)

    def pause(self, run):
        if run.is_active:
            run.status = "paused"


def new_session(rows=NOTEBOOK_PAIRS, run=None, **settings) -> Session:
    table = Table.of((source, target) for source, target in rows)
    model, training = suggested_settings(len(table.rows))
    session = Session("own", table, table, settings.get("model", model), settings.get("training", training))
    session.asks = False  # questions hold answers back: see test_questions.py
    if run is not None:
        lesson = run.state.lesson
        session.run = run
        session.runs = [NamedRun(run, "1.", (lesson.pairs, lesson.model))]
    return session


def a_run(state, status="finished", stop_reason="epochs", **attributes) -> Run:
    run = Run(state)
    for name, value in ({"status": status, "stop_reason": stop_reason, "queue_position": 0} | attributes).items():
        setattr(run, name, value)
    return run


def open_page(page, session=None, language="en") -> AppTest:
    """Opens a page as a deep link does; without a session it is the first page of a new student."""
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.session_state["FrameState"] = FrameState(language)
    if session is not None:
        app.session_state["session"] = session
    app.switch_page(PAGES[page][0])
    return checked(app.run())


def open_section(section, state, sentence="Hello.", language="en", is_large=False, opened=(), **remembered) -> AppTest:
    """Opens a section of the page Translate.

    Args:
        section, sentence, language, is_large: what is looked at, and how.
        state: the trained model.
        opened: keys of the tables behind pictures that are open.
        remembered: other fields of `TranslateState`.
    """
    session = new_session(state.lesson.pairs, a_run(state), model=state.lesson.model, training=state.lesson.training)
    session.is_large = is_large
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    app.session_state["FrameState"] = FrameState(language)
    app.session_state["session"] = session
    app.session_state["TranslateState"] = TranslateState(sentence=sentence, section=section, **remembered)
    for key in opened:
        app.session_state[key] = True
    app.switch_page(PAGES["translate"][0])
    return checked(app.run())


def checked(app) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


def said(app) -> list[str]:
    """Returns what the app itself says on a page; sentences of students stand in `st.text`, tables and charts."""
    elements = [*app.title, *app.header, *app.subheader, *app.markdown, *app.caption]
    elements += [*app.info, *app.warning, *app.error, *app.success]
    widgets = [*app.button, *app.selectbox, *app.text_input, *app.number_input, *app.toggle, *app.file_uploader]
    return [
        *(element.value for element in elements),
        *(widget.label for widget in widgets),
        *(widget.help for widget in widgets if getattr(widget, "help", "")),
        *(link.value for link in app.get("page_link")),
        *(bar.text for bar in app.get("progress")),
    ]


def shows(app, key, language="en", **values) -> bool:
    """Tells whether a text stands on a page, whatever is in those of its braces that are not given."""
    parts = re.split(r"(\{\w+\})", catalogue(language)[key].strip())
    pattern = "".join(
        re.escape(str(values[part[1:-1]]))
        if part[1:-1] in values and part.startswith("{")
        else ".+"
        if re.fullmatch(r"\{\w+\}", part)
        else re.escape(part)
        for part in parts
    )
    return any(re.search(pattern, text) for text in said(app))


def table_with(app, key, language="en") -> pd.DataFrame:
    """Returns the table that has a column of some name."""
    column = catalogue(language)[key]
    return next(table.value for table in app.dataframe if column in table.value.columns)


def button(app, key, language="en"):
    return next(b for b in app.button if b.label == catalogue(language)[key])


def edit(app, edited=(), added=(), deleted=()) -> AppTest:
    """Sends what the table would send from the browser: all that was changed since it began."""
    edits = {"edited_rows": dict(edited), "added_rows": list(added), "deleted_rows": list(deleted)}
    states = app._tree.get_widget_states()
    states.widgets.add(id=app.data_editor[0].proto.id, string_value=json.dumps(edits))
    return checked(app._run(states))


def listed_problems(app) -> list[tuple[str, str]]:
    """Returns (mark, message) of each problem that the page lists."""
    return [tuple(e.value.split(" ", 1)) for e in app.text if e.value[:1] in ("✗", "·")]


def translate(app, sentence) -> AppTest:
    app.text_input[0].set_value(sentence)
    return checked(app.run())


def translation(app) -> list[str]:
    """Returns what stands in plain text: the sentence, its translation, what was changed …"""
    return [element.value for element in app.text]


def picture(app) -> dict:
    """Returns what the stepper has to draw: a whole translation, through which the browser goes step by step."""
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)


def narrations(app) -> list[str]:
    return [step["narration"] for step in picture(app)["steps"]]


def ending(key, language="en", **values) -> str:
    return "⚑ " + catalogue(language)[f"translate.ended_{key}"].format(**values)


def changed(app) -> list[str]:
    """Returns how the changed translation is described, and what it is."""
    return translation(app)[2:4]


def choose(app, key, value, language="en"):
    """Chooses something in the selectbox of a label."""
    box = next(box for box in app.selectbox if box.label == catalogue(language)[key])
    return checked(box.set_value(value).run())


def counts(app) -> list[str]:
    return app.dataframe[0].value.iloc[:, -1].tolist()


def upload(app, content, name="pairs.txt"):
    app.file_uploader[0].set_value((name, content, "text/plain"))
    return checked(app.run())


def chart(app, key, language="en", **values):
    """Returns a chart by its description, a text of the catalogue."""
    alt = catalogue(language)[key].format(**values)
    return next(chart.proto for chart in app.get("vega_lite_chart") if chart.proto.alt == alt)


def chart_tables(app, key, language="en", **values) -> dict[str, pd.DataFrame]:
    """Returns the tables that a chart draws, by their names; see `chart`."""
    datasets = chart(app, key, language, **values).datasets
    return {data.name: pa.ipc.open_stream(data.data.data).read_pandas() for data in datasets}


def click_chart(app, key, selection, language="en") -> AppTest:
    """Sends what a chart sends from the browser when something in it is clicked: parameter → what was chosen."""
    states = app._tree.get_widget_states()
    states.widgets.add(id=chart(app, key, language).id, string_value=json.dumps({"selection": selection}))
    return checked(app._run(states))
