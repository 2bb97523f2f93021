"""The page Tensors: its shapes, switches and choices, a token that is followed, and tokens numbered anew."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.drawing.tokens import display_token
from pages.parts.state import TensorsState
from pages.parts.tensors.vocabulary import numbered_as_a_set
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator, vectorize
from seq2seq.state import initial_weights
from tests.pages.app import TEXTS, checked, click, links, new_session, open_page, plain_texts, shows, visit


def switch(app, key):
    return next(toggle for toggle in app.main.toggle if toggle.label == TEXTS[key])


def follow(app, tensor):
    return checked(app.button_group(key="TensorsState-tensor").set_value(tensor).run())


def open_section(section, session=None):
    return open_page("tensors", session or new_session(), TensorsState=TensorsState(section=section))


def turn_to(app, section):
    return checked(app.button_group(key="TensorsState-section").set_value(section).run())


def test_one_section_is_open_and_the_address_names_it(session):
    app = open_page("tensors", session)
    assert app.query_params["section"] == "steps" and plain_texts(app)
    sections = app.button_group(key="TensorsState-section").options
    assert len(sections) == 7
    for section in ("memory", "levels"):
        turn_to(app, section)
        assert app.query_params["section"] == section
        assert bool(app.get("vega_lite_chart")) == (section == "memory")
    visit(app, "pairs")
    app.query_params.clear()  # as the links of the menu do
    assert not visit(app, "tensors").get("vega_lite_chart")  # it stays where it was
    app.query_params["section"] = "shapes"  # somebody opens an address
    assert shows(checked(app.run()), "tensors.axis_pairs")
    app.query_params["section"] = "nonsense"
    assert shows(checked(app.run()), "tensors.axis_pairs")


def test_the_switches_are_those_of_the_page_model(session):
    app = open_section("shapes", session)

    def shapes():
        return [element.value for element in app.markdown if element.value.startswith("###")]

    assert shapes() == ["### `(5, 18, 23)`", "### `(5, 11, 26)`", "### `(5, 11, 26)`"]
    assert shows(app, "tensors.axis_time_target_plus", n=11, longest=10)
    assert shows(app, "tensors.axis_tokens_target_plus", n=26, different=24)
    assert shows(turn_to(app, "steps"), "tensors.shift_markers")
    assert shows(app, "tensors.legend_left_out")
    turn_to(app, "shapes")
    switch(app, "model.markers").set_value(False)
    checked(switch(app, "model.mask_padding").set_value(False).run())
    assert session.model == ModelConfig(markers=False, mask_padding=False)
    assert shapes() == ["### `(5, 18, 23)`", "### `(5, 10, 24)`", "### `(5, 10, 24)`"]  # the notebook's
    assert shows(app, "tensors.axis_time_target", n=10, longest=10)
    assert shows(app, "tensors.axis_tokens_target", n=24, different=24)
    assert shows(turn_to(app, "steps"), "tensors.shift_notebook")
    assert shows(app, "tensors.legend_padding")
    assert not switch(visit(app, "model"), "model.markers").value
    checked(switch(app, "model.markers").set_value(True).run())
    visit(app, "tensors")
    assert [switch(app, f"model.{key}").value for key in ("markers", "mask_padding")] == [True, False]


def test_choosing_a_pair_a_tensor_and_a_token(session):
    app = open_page("tensors", session)
    assert app.select_slider[0].value == 0
    click(app, "choosing.forward")
    checked(app.select_slider[0].set_value(2).run())
    # The third token of the first pair, Hello., is an l.
    token_id = Lesson(NOTEBOOK_PAIRS).source_vocabulary.encode("l")[0]
    assert {"l", str(token_id), f"encoder_inputs[0, 2, {token_id}]"} <= {*plain_texts(app)}
    assert app.code[0].value.splitlines()[0] == f"print(encoder_inputs[0, 2, {token_id}])  # 1.0"
    assert "np.array_equal" in turn_to(app, "product").code[0].value  # of the same token
    checked(app.select_slider[0].set_value(17).run())
    assert "np.any" in app.code[0].value
    assert shows(turn_to(app, "steps"), "tensors.no_token", n=0, t=17)
    assert shows(turn_to(app, "one_hot"), "tensors.zero_rows", tensor="encoder_inputs", pair=0, steps=18, zero=12)
    checked(app.selectbox[0].set_value(3).run())
    assert session.chosen == 3
    assert shows(app, "tensors.zero_rows", tensor="encoder_inputs", pair=3, steps=18, zero=7)
    follow(app, "decoder_targets")
    assert shows(app, "tensors.zero_rows", tensor="decoder_targets", pair=3, steps=11, zero=4)
    assert app.select_slider[0].value == 10  # the decoder has fewer steps
    assert shows(turn_to(app, "product"), "tensors.picks_target")
    for key, step in (("forward", 10), ("back", 9)):
        assert click(app, f"choosing.{key}").select_slider[0].value == step


def test_the_kernel_is_that_of_the_trained_model(trained_session):
    app = open_section("product", trained_session)
    assert shows(app, "cell.trained", epoch=trained_session.trained.epoch)
    switch(app, "model.markers").set_value(False)  # the trained model is another one now
    assert shows(checked(app.run()), "cell.untrained")


def test_every_picture_can_be_read_as_a_table():
    dense = vectorize(Lesson(NOTEBOOK_PAIRS)).encoder_inputs[0]
    for section, key in (("steps", "steps"), ("one_hot", "one-hot"), ("product", "product"), ("memory", "memory")):
        app = open_section(section)
        assert not app.dataframe
        app.session_state[f"{key}-table"] = True
        [table] = checked(app.run()).dataframe
        assert np.array_equal(table.value.to_numpy(), dense) == (section == "one_hot")


# --- Tokens numbered as a set numbers them ---------------------------------------------------------------------------


def ids(app):
    """Returns the source's tokens in the order of their ids: ten in a row."""
    table = next(table.value for table in app.dataframe if table.value.index.name == "id")
    assert list(table.index) == [0, 10, 20] and list(table.columns) == list("0123456789")
    tokens = table.to_numpy().ravel().tolist()
    assert tokens[23:] == [""] * 7
    return tokens[:23]


def outputs(app):
    column = TEXTS["tensors.weights_output"]
    return [table.value[column].tolist() for table in app.dataframe if column in table.value]


@given(st.integers(0, 999))
def test_numbered_as_a_set_the_same_tokens_have_other_ids(seed):
    """What weights output with other ids is what weights in another order output with the old ones."""
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(6))
    renumbered, weights = numbered_as_a_set(lesson, seed), initial_weights(lesson)
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


def test_other_ids_make_gibberish_of_trained_weights(trained_session):
    trained_session.chosen = 1
    app = open_section("vocabularies", trained_session)
    in_order = ids(app)
    assert in_order == list(map(display_token, trained_session.lesson.source_vocabulary.tokens))
    assert {"⟨bos⟩", "⟨eos⟩", "␣"} <= set(app.dataframe[-1].value.to_numpy().ravel())
    assert outputs(app) == []
    orders = set()
    for _ in range(3):  # in every run of Python another order
        checked(app.button(key="as-a-set").click().run())
        [[with_sorted, with_others]] = outputs(app)
        assert with_sorted == NOTEBOOK_PAIRS[1][1] != with_others
        assert sorted(ids(app)) == sorted(in_order)
        orders.add(tuple(ids(app)))
    assert len(orders) == 3
    checked(app.button(key="sort-again").click().run())
    assert (ids(app), outputs(app)) == (in_order, [])


def test_the_numbering_outlives_another_page_and_without_trained_weights_sends_to_the_training(session):
    """It was kept under the name of the training's seed: leaving Train lost it."""
    app = open_section("vocabularies", session)
    checked(app.button(key="as-a-set").click().run())
    numbered = ids(app)
    assert shows(app, "tensors.train_first")
    assert TEXTS["train.menu"] in links(app)
    visit(app, "train")
    seed = next(field for field in app.number_input if field.label == TEXTS["train.seed"])
    checked(seed.set_value(7).run())
    assert session.training.seed == 7
    assert ids(visit(app, "tensors")) == numbered != list(session.lesson.source_vocabulary.tokens)


def test_how_much_larger_the_memory_is_compared_stays_for_another_language_and_page(session):
    app = open_section("memory", session)
    checked(app.select_slider(key="TensorsState-longer").set_value(10).run())
    visit(app, "pairs")
    app.session_state["FrameState"].language = "ko"
    assert visit(app, "tensors").select_slider(key="TensorsState-longer").value == 10
