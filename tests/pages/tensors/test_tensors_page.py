"""The page Tensors: what its pictures show is what stands in the tensors."""

import json
import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.tensors import tables
from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.theme import ZERO_ROW, display_token
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator, vectorize
from seq2seq.state import initial_weights
from seq2seq.tensors import Tensors, dense_bytes, token_ids
from seq2seq.vocabulary import BOS, EOS, LEVELS, PAD_ID
from tests.pages.app import a_run, button, checked, new_session, open_page, shows

MODELS = [ModelConfig(4, *setting, level, level) for *setting, level in product([True, False], [True, False], LEVELS)]
LONG = (Pair("abcdefghij " * 5, "나는 오늘도 배가 고파서 " * 5), Pair("a", "나"))


@pytest.fixture(params=MODELS, ids=str)
def lesson(request):
    return Lesson((*NOTEBOOK_PAIRS, *LONG), request.param)


def of_pair(lesson, n):
    return token_ids(lesson, [n])


# --- Over time -------------------------------------------------------------------------------------------------------


def test_every_box_is_a_row_of_the_tensor(lesson):
    dense = vectorize(lesson)
    for n in range(len(lesson.pairs)):
        rows = tables.time_rows(lesson, of_pair(lesson, n))
        own = rows[~rows["kind"].isin(["missing", "earlier"])]
        assert len(own) == sum(tensor.shape[1] for tensor in dense)
        for box in own.itertuples():
            row = getattr(dense, box.tensor)[n, box.step]
            assert (box.line, box.x) == divmod(box.step, tables.steps_per_line(lesson))
            if not row.any():
                left_out = lesson.model.mask_padding
                assert (box.kind, box.token) == (("left_out", "–") if left_out else ("padding", ZERO_ROW))
                continue
            token = tables.vocabulary_of(lesson, box.tensor).tokens[row.argmax()]
            assert (box.id, box.token) == (str(row.argmax()), display_token(token))
            assert box.kind == {BOS: "bos", EOS: "eos"}.get(token, "token")


def test_every_arrow_leads_from_what_is_said_to_where_it_is_heard(lesson):
    dense = vectorize(lesson)
    for n in range(len(lesson.pairs)):
        rows = tables.time_rows(lesson, of_pair(lesson, n)).set_index(["tensor", "line", "x"])
        arrows = tables.shift_rows(lesson, of_pair(lesson, n))
        for arrow in arrows.itertuples():
            heard = rows.loc[("decoder_inputs", arrow.line, arrow.x)]
            said = rows.loc[("decoder_targets", arrow.line, arrow.x - 1)]  # there is a box also where a line begins
            assert (heard["step"], said["step"]) == (arrow.step, arrow.step - 1)
            if said["kind"] != "missing":
                assert heard["token"] == said["token"]
        heard = dense.decoder_inputs[n].any(axis=-1).sum()
        assert len(arrows) == heard - lesson.model.markers  # ⟨bos⟩ alone is heard and not said


def test_what_is_missing_without_markers(lesson):
    kinds = tables.time_rows(lesson, of_pair(lesson, 0))["kind"].tolist()
    assert kinds.count("missing") == (0 if lesson.model.markers else 1)
    assert (kinds.count("bos"), kinds.count("eos")) == ((1, 1) if lesson.model.markers else (0, 0))


def test_the_table_has_every_token(lesson):
    table = tables.time_table(tables.time_rows(lesson, of_pair(lesson, 5)))
    ids = of_pair(lesson, 5)
    assert table.shape == (max(lesson.source_length, lesson.target_length), 3)
    for tensor, sequence in zip(Tensors._fields, ids, strict=True):
        for step, token_id in enumerate(sequence[0].tolist()):
            assert (f"({token_id})" in table[tensor][step]) == (token_id != PAD_ID)


# --- One token -------------------------------------------------------------------------------------------------------


def test_numpy_prints_what_the_page_says(notebook_lesson):
    for lesson in (notebook_lesson, Lesson(NOTEBOOK_PAIRS)):
        dense, weights = vectorize(lesson), initial_weights(lesson)
        names = {"np": np, **dense._asdict(), **weights}
        for tensor in Tensors._fields:
            values = getattr(dense, tensor)
            for n, t in np.ndindex(values.shape[:2]):
                lines = tables.printed(tensor, n, t, values[n, t])
                assert len(lines) == (3 if values[n, t].any() else 2)
                if tensor in tables.KERNELS:
                    kernel = weights[tables.KERNELS[tensor]]
                    line = tables.printed_product(tensor, n, t, values[n, t], kernel)
                    assert line[1] == str(bool(values[n, t].any()))
                    lines.append(line)
                assert [said for _, said in lines] == [str(eval(line, names)) for line, _ in lines]


@given(st.integers(1, 60), st.data())
def test_a_window_holds_its_place(size, data):
    at, most = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, 20))
    places = tables.window(size, at, most)
    assert at in places
    assert len(places) == min(size, most)
    assert set(places) <= set(range(size))


def test_a_row_in_short():
    assert tables.row_in_short(np.eye(3, dtype=np.float32)[1]) == "0 1 0"
    assert tables.row_in_short(np.eye(30, dtype=np.float32)[15]) == "… 0 0 0 0 1 0 0 0 0 …"
    assert tables.row_in_short(np.zeros(3, np.float32)) == "0 0 0"


def test_the_one_hot_table_is_the_tensor(lesson):
    for n, tensor in product(range(len(lesson.pairs)), Tensors._fields):
        ids, vocabulary = getattr(of_pair(lesson, n), tensor)[0], tables.vocabulary_of(lesson, tensor)
        table = tables.one_hot_table(ids, vocabulary)
        np.testing.assert_array_equal(table, getattr(vectorize(lesson), tensor)[n])
        assert list(table.columns) == [f"{i} {display_token(token)}" for i, token in enumerate(vocabulary.tokens)]


def test_of_a_large_vocabulary_the_columns_that_are_used():
    lesson = Lesson(tuple(Pair(chr(0xAC00 + n), chr(0x4E00 + n) * 2) for n in range(100)))
    ids = of_pair(lesson, 7).decoder_inputs[0]
    table = tables.one_hot_table(ids, lesson.target_vocabulary)
    assert [name.split()[0] for name in table.columns] == ["0", "9"]  # ⟨bos⟩ and the one character
    np.testing.assert_array_equal(table, vectorize(lesson).decoder_inputs[7][:, [0, 9]])


def test_the_product_is_the_row_that_was_picked(lesson):
    weights = initial_weights(lesson)
    for tensor, name in tables.KERNELS.items():
        vocabulary = tables.vocabulary_of(lesson, tensor)
        for row in np.unique(getattr(vectorize(lesson), tensor)[-1], axis=0):
            table = tables.product_table(row, weights[name], vocabulary)
            numbers, said = table.drop(columns="x"), table["x"].iloc[:-1].to_numpy(float)
            np.testing.assert_array_equal(numbers.loc["x @ kernel"], said @ numbers.iloc[:-1].to_numpy())
            assert said.sum() == row.any()
            rows = [int(label.split()[0]) for label in numbers.index[:-1]]
            np.testing.assert_array_equal(numbers.iloc[:-1], weights[name][rows, : numbers.shape[1]])


# --- Memory ----------------------------------------------------------------------------------------------------------


def test_the_memory_is_that_of_the_arrays(lesson):
    table = tables.memory_table(lesson)
    kept, dense = token_ids(lesson), vectorize(lesson)
    assert table["dense"][len(lesson.pairs)] == dense_bytes(lesson) == sum(array.nbytes for array in dense)
    assert table["ids"][len(lesson.pairs)] == sum(array.nbytes for array in kept)
    grown = tables.memory_table(lesson, 10, 5)
    assert (grown["dense"] == 50 * table["dense"]).all()
    assert (grown["ids"] == 10 * table["ids"]).all()


def test_ids_of_very_large_vocabularies_take_more():
    lesson = Lesson(tuple(Pair(chr(0xAC00 + n), "a") for n in range(400)))
    assert tables.memory_table(lesson)["ids"][1] == 2 * (1 + 2 + 2)
    assert tables.memory_table(lesson, larger=100)["ids"][1] == 4 + 2 * (2 + 2)  # 40,000 sources, 300 targets


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0 B"), (999, "999 B"), (999.9, "1 kB"), (19_700, "19.7 kB"), (8 * 10**9, "8 GB"), (2.5e15, "2,500 TB")],
)
def test_sizes_are_written_in_a_unit_that_suits(number, written):
    assert tables.size(number) == written


# --- The page --------------------------------------------------------------------------------------------------------


def switch(app, key, language="en"):
    return next(toggle for toggle in app.toggle if toggle.label == catalogue(language)[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switches_are_those_of_the_page_model(language):
    session = new_session()
    app = open_page("tensors", session, language)
    assert shows(app, "tensors.shift_markers", language)
    assert shows(app, "tensors.legend_left_out", language)
    switch(app, "model.markers", language).set_value(False)
    checked(app.run())
    switch(app, "model.mask_padding", language).set_value(False)
    checked(app.run())
    assert session.model == ModelConfig(markers=False, mask_padding=False)
    assert shows(app, "tensors.shift_notebook", language)
    assert shows(app, "tensors.legend_padding", language)
    app = open_page("model", session, language)
    assert not switch(app, "model.markers", language).value
    switch(app, "model.markers", language).set_value(True)
    checked(app.run())
    app = open_page("tensors", session, language)
    assert [switch(app, f"model.{key}", language).value for key in ("markers", "mask_padding")] == [True, False]


def test_following_a_token_by_keyboard():
    app = open_page("tensors", new_session())
    for step in (1, 2):
        checked(button(app, "cell.forward").click().run())
        assert app.slider[0].value == step
    # The third token of the first pair, Hello., is an l.
    token_id = Lesson(NOTEBOOK_PAIRS).source_vocabulary.encode("l")[0]
    assert {"l", str(token_id), f"encoder_inputs[0, 2, {token_id}]"} <= {element.value for element in app.text}
    assert app.code[0].value.splitlines()[0] == f"print(encoder_inputs[0, 2, {token_id}])  # 1.0"
    assert "np.array_equal" in app.code[1].value
    app.slider[0].set_value(17)
    checked(app.run())
    assert shows(app, "tensors.no_token", n=0, t=17)
    assert "np.any" in app.code[1].value
    next(group for group in app.button_group if group.key == "followed-tensor").set_value("decoder_targets")
    checked(app.run())
    assert app.slider[0].value == 10  # the decoder has fewer steps
    assert shows(app, "tensors.picks_target")
    checked(button(app, "cell.forward").click().run())
    assert app.slider[0].value == 10
    checked(button(app, "cell.back").click().run())
    assert app.slider[0].value == 9


def test_the_kernel_is_that_of_the_trained_model(trained):
    session = new_session(run=a_run(trained), model=trained.lesson.model, training=trained.lesson.training)
    app = open_page("tensors", session)
    assert shows(app, "cell.trained", epoch=trained.epoch)
    switch(app, "model.markers").set_value(False)  # the trained model is another one now
    checked(app.run())
    assert shows(app, "cell.untrained")


def test_every_picture_can_be_read_as_a_table():
    app = open_page("tensors", new_session())
    before = len(app.dataframe)
    for key in ("steps", "one-hot", "product", "memory"):
        app.session_state[f"{key}-table"] = True
    checked(app.run())
    assert len(app.dataframe) == before + 4
    dense = vectorize(Lesson(NOTEBOOK_PAIRS))
    tables = [table.value for table in app.dataframe]
    assert any(np.array_equal(table.to_numpy(), dense.encoder_inputs[0]) for table in tables)


@given(st.integers(0, 999))
def test_numbered_as_a_set_the_same_tokens_have_other_ids(seed):
    """What weights say with other ids is what weights in another order say with the old ones."""
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(6))
    renumbered, weights = tables.numbered_as_a_set(lesson, seed), initial_weights(lesson)
    order = {}
    for side in ("source", "target"):
        before, after = (getattr(of, f"{side}_vocabulary").tokens for of in (lesson, renumbered))
        assert sorted(before) == sorted(after)
        order[side] = [after.index(token) for token in before]
    state = TrainingState.new(lesson)
    in_order = weights | {
        "encoder_kernel": weights["encoder_kernel"][order["source"]],
        "decoder_kernel": weights["decoder_kernel"][order["target"]],
        "dense_kernel": weights["dense_kernel"][:, order["target"]],
        "dense_bias": weights["dense_bias"][order["target"]],
    }
    for source, _ in NOTEBOOK_PAIRS:
        of_ids, of_weights = (
            next(Translator(replace(state, **other)).steps(source)).probabilities
            for other in ({"lesson": renumbered}, {"weights": in_order})
        )
        np.testing.assert_allclose(of_ids[order["target"]], of_weights, rtol=1e-4)
    assert lesson.source_vocabulary.tokens == tuple(sorted(lesson.source_vocabulary.tokens))  # as it was


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_ids_make_gibberish_of_trained_weights(language, trained):
    session = new_session(run=a_run(trained), model=trained.lesson.model, training=trained.lesson.training)
    session.chosen = 1
    app = open_page("tensors", session, language)
    _, target = NOTEBOOK_PAIRS[1]

    def vocabulary():
        return next(table.value.iloc[0].tolist() for table in app.dataframe if table.value.shape == (1, 23))

    def says():
        column = catalogue(language)["tensors.weights_say"]
        return [table.value[column].tolist() for table in app.dataframe if column in table.value]

    in_order = vocabulary()
    assert in_order == list(map(display_token, session.lesson.source_vocabulary.tokens))
    assert says() == []
    orders = set()
    for _ in range(3):  # in every run of Python another order
        checked(app.button(key="as-a-set").click().run())
        [[with_sorted, with_others]] = says()
        assert with_sorted == target != with_others
        assert sorted(vocabulary()) == sorted(in_order)
        orders.add(tuple(vocabulary()))
    assert len(orders) == 3
    checked(app.button(key="sort-again").click().run())
    assert (vocabulary(), says()) == (in_order, [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_trained_weights_other_ids_send_to_the_training(language):
    app = open_page("tensors", new_session(), language)
    checked(app.button(key="as-a-set").click().run())
    assert shows(app, "tensors.train_first", language)
    assert catalogue(language)["train.menu"] in [link.value for link in app.main.get("page_link")]


PICTURES = {
    "tensors": ("tensors.steps_alt", "tensors.one_hot_title", "tensors.picks_title", "tensors.memory_title"),
    "model": ("cell.grid_alt",),
}


@pytest.mark.parametrize(("page", "keys"), PICTURES.items())
def test_large_type_reaches_into_every_picture(page, keys):
    session, specs = new_session(), []
    for session.is_large in (False, True):
        charts = {chart.proto.alt: chart.proto.spec for chart in open_page(page, session).get("vega_lite_chart")}
        specs.append({key: json.loads(charts[catalogue("en")[key]]) for key in keys})
    usual, large = specs
    for key in keys:
        assert large[key]["height"] == pytest.approx(1.3 * usual[key]["height"], abs=1)
        sizes, larger = (
            [value for name, value in leaves(spec) if name == "fontSize"] for spec in (usual[key], large[key])
        )
        assert sizes
        for size, grown in zip(sizes, larger, strict=True):
            numbers = [[float(n) for n in re.findall(r"\d+(?:\.\d+)?", str(of))] for of in (size, grown)]
            assert any(b == pytest.approx(1.3 * a) for a, b in zip(*numbers, strict=True)), (key, size, grown)


def leaves(spec):
    """Yields every name in a specification with what it stands for."""
    for name, value in spec.items() if isinstance(spec, dict) else enumerate(spec) if isinstance(spec, list) else ():
        yield name, value
        yield from leaves(value)


def test_a_large_vocabulary_says_that_not_all_columns_are_drawn():
    app = open_page("tensors", new_session([(chr(0xAC00 + n), chr(0x4E00 + n)) for n in range(200)]))
    assert shows(app, "tensors.used_columns", shown=1, all=200)
