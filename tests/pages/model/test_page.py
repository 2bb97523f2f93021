"""The page Model: settings and parameters."""

import math
from dataclasses import replace

from pages.parts.state import TensorsState
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState
from seq2seq.classroom.supplied_lessons import suggested_settings
from seq2seq.state import weight_shapes
from tests.pages.app import TEXTS, a_run, checked, click, new_session, open_page, plain_texts, shows, translate, visit

SETTINGS = {name: f"ModelConfig-{name}" for name in ModelConfig.__dataclass_fields__}


def shown_settings(app) -> ModelConfig:
    """Returns the model that the page's widgets show."""
    hidden = app.number_input(key=SETTINGS["hidden_size"]).value
    toggles = [app.toggle(key=SETTINGS[name]).value for name in ("markers", "mask_padding")]
    levels = [app.selectbox(key=SETTINGS[f"{side}_tokens"]).value for side in ("source", "target")]
    attention, bidirectional = app.selectbox(key=SETTINGS["attention"]), app.toggle(key=SETTINGS["bidirectional"])
    return ModelConfig(hidden, *toggles, *levels, attention.value, bidirectional.value)


def test_as_in_the_notebook(session):
    app = open_page("model", session)
    click(app, "model.as_in_notebook")
    parameters = app.dataframe[0].value
    assert list(zip(parameters.iloc[:, 1], parameters.iloc[:, -1], strict=True)) == [
        ("4 × (23 + 32 + 1) × 32", "7,168"),
        ("4 × (24 + 32 + 1) × 32", "7,296"),
        ("(32 + 1) × 24", "792"),
        ("7,168 + 7,296 + 792", "15,256"),
    ]
    notebook = Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    assert (session.model, session.training) == (notebook.model, notebook.training)
    assert shown_settings(app) == notebook.model
    click(app, "model.suggested")
    assert (session.model, session.training) == suggested_settings(5)
    assert shown_settings(app) == session.model


def test_why_the_numbers_are_not_the_notebooks(session):
    """On the pages Tensors and Model, from where the button leads to the numbers that every textbook quotes."""
    shapes, parameters = "(5, 18, 23), (5, 10, 24), (5, 10, 24)", "7,168 + 7,296 + 792 = 15,256"
    tensors = {"TensorsState": TensorsState(section="shapes")}

    for page, numbers in (("tensors", shapes), ("model", parameters)):
        session.use_suggested_settings()
        app = open_page(page, session, **tensors)
        assert shows(app, "model.notebook_numbers", numbers=numbers)
        assert shows(app, "model.notebook_markers", ids=2, steps=1)
        assert not shows(app, "model.notebook_hidden_size") and not shows(app, "model.notebook_target_tokens")
        session.model = ModelConfig(16, markers=False, target_tokens="word")
        assert shows(checked(app.run()), "model.notebook_numbers", numbers=numbers)
        assert not shows(app, "model.notebook_markers")
        assert shows(app, "model.notebook_hidden_size", units=16, notebook=32) == (page == "model")
        assert shows(app, "model.notebook_target_tokens", kinds=TEXTS["tokens.word_many"])
        click(app, "model.as_in_notebook")
        assert session.model == Lesson.as_in_notebook(NOTEBOOK_PAIRS).model
        assert shows(app, "model.notebook_same") and not shows(app, "model.notebook_numbers")


def test_the_parameters_add_up(session):
    app = open_page("model", session)
    for session.model in (
        ModelConfig(1),
        ModelConfig(200, markers=False),
        ModelConfig(9, attention="dot", bidirectional=True),
    ):
        table = checked(app.run()).dataframe[0].value
        counts = [int(count.replace(",", "")) for count in table["Parameters"]]
        assert counts[-1] == sum(counts[:-1]) == sum(map(math.prod, weight_shapes(session.lesson).values()))
        for row, total in zip(table.iloc[:-1].itertuples(index=False), counts, strict=False):
            assert sum(int(part.replace(",", "")) for part in row[2:5] if part) == total
            assert eval(row[1].replace("×", "*")) == total


def test_two_tabs_change_the_same_model(session):
    """Each takes over what was changed in it, and nothing of what it showed before."""
    first, second = open_page("model", session), open_page("model", session)
    checked(first.number_input(key=SETTINGS["hidden_size"]).set_value(8).run())
    assert session.model == ModelConfig(8)
    assert "(batch, 8)" in "".join(element.value for element in first.get("html"))
    second.toggle(key=SETTINGS["markers"]).set_value(False)
    checked(second.toggle(key=SETTINGS["mask_padding"]).set_value(False).run())
    assert session.model == ModelConfig(8, markers=False, mask_padding=False)
    assert shown_settings(second) == shown_settings(checked(first.run())) == session.model


def test_an_encoder_that_reads_both_ways_is_chosen_and_followed(session):
    """The decoder has twice the units in the wirings, the parameters and the cell; the other LSTM has its own cell."""
    app = open_page("model", session)
    checked(app.toggle(key=SETTINGS["bidirectional"]).set_value(True).run())
    assert session.model == ModelConfig(bidirectional=True)
    drawn = "".join(element.value for element in app.get("html"))
    for units in ("← 32 units", "LSTM, 64 units", "(batch, 64)"):
        assert units in drawn, units
    table, names = app.dataframe[0].value, [TEXTS[f"model.{name}"] for name in ("encoder", "encoder_backward")]
    assert list(table.iloc[:2, 0]) == [f"A →  {names[0]}", f"A ←  {names[1]}"]
    assert table.iloc[-1, -1] == f"{sum(math.prod(shape) for shape in weight_shapes(session.lesson).values()):,}"
    checked(app.button_group(key="ModelState-asked").set_value("units").run())
    assert shows(app, "model.answer_doubled", units=32, twice=64) and shows(app, "model.units_fit", units=64)
    app.session_state["cell-tables"] = True
    for side, units in (("encoder_backward", 32), ("decoder", 64)):
        checked(app.button_group(key="ModelState-side").set_value(side).run())
        assert len(app.dataframe[1].value) == units
    checked(app.button_group(key="ModelState-side").set_value("encoder_backward").run())
    checked(app.toggle(key=SETTINGS["bidirectional"]).set_value(False).run())
    assert app.button_group(key="ModelState-side").value == "encoder"


def test_attention_is_chosen_and_drawn_in_both_wirings(session):
    app = open_page("model", session)
    drawn = "".join(element.value for element in app.get("html"))
    assert 'class="attention"' not in drawn
    checked(app.selectbox(key=SETTINGS["attention"]).set_value("dot").run())
    assert session.model == ModelConfig(attention="dot")
    drawn = "".join(element.value for element in app.get("html"))
    assert drawn.count('class="attention"') == 2
    assert "all_h, h, c = encoder_model(" in drawn and 'class="bin"' not in drawn
    checked(app.button_group(key="ModelState-asked").set_value("thrown").run())
    assert shows(app, "model.answer_kept") and not shows(app, "model.answer_thrown")


def test_a_choice_of_tokens_holds_on_every_page():
    session, words, jamo = new_session(), TEXTS["tokens.word_many"], TEXTS["tokens.jamo_many"]
    app = open_page("model", session)
    app.selectbox(key=SETTINGS["source_tokens"]).set_value("word")
    checked(app.selectbox(key=SETTINGS["target_tokens"]).set_value("jamo").run())
    assert session.model == ModelConfig(source_tokens="word", target_tokens="jamo")
    app.session_state["TensorsState"] = TensorsState(section="shapes")
    visit(app, "tensors")
    shapes = [element.value for element in app.markdown if element.value.startswith("###")]
    assert shapes == ["### `(5, 5, 13)`", *["### `(5, 19, 31)`"] * 2]
    assert shows(app, "tensors.axis_tokens_source", kinds=words)
    assert shows(app, "tensors.axis_tokens_target_plus", kinds=jamo)
    checked(app.button_group(key="TensorsState-section").set_value("levels").run())
    tables = [table.value for table in app.dataframe[:2]]
    assert [table.iloc[:, 1].tolist() for table in tables] == [[6, 6, 2], [6, 13, 2]]  # Hello. and 안녕하세요.
    assert list(tables[1].iloc[1, 2])[:6] == ["ㅇ", "ㅏ", "-ㄴ", "ㄴ", "ㅕ", "-ㅇ"]
    session = new_session(run=a_run(replace(TrainingState.new(session.lesson), step=1)))
    app = translate(open_page("translate", session), "What is life?")
    assert shows(app, "translate.unknown", kinds=words)
    assert "␣life" in plain_texts(app)
    assert shows(translate(app, "Nobody knows"), "translate.all_unknown", kinds=words)
    visit(app, "train")
    click(visit(app, "model"), "model.as_in_notebook")
    assert (session.model.source_tokens, session.model.target_tokens) == ("character", "character")
