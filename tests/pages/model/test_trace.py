"""The numbers inside a cell: what is shown is what the model computes, and its arithmetic can be done again."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.model.trace import (
    GATES,
    PARTS,
    SIDES,
    factor,
    gate_sums,
    grid_table,
    padding_effect,
    ranks_around,
    state_sums,
    time_table,
    trace_lstm,
    unit_table,
    written,
)
from pages.parts.theme import NEGATIVE, OPEN_GATE, POSITIVE, ZERO
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator, vectorize
from seq2seq.decoding import Context

ROWS = range(len(NOTEBOOK_PAIRS))


def luminance(start, end, share):
    """Returns the relative luminance of a colour between two others."""
    start, end = (np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]) for colour in (start, end))
    mixed = start + share * (end - start)
    linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module", params=[True, False], ids=["default", "as in the notebook"])
def translator(request):
    """With weights as large as a training makes them; that the translator computes as Keras does is tested there."""
    lesson = Lesson(NOTEBOOK_PAIRS) if request.param else Lesson.as_in_notebook(NOTEBOOK_PAIRS)
    state, rng = TrainingState.new(lesson), np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.7, w.shape).astype(np.float32) for name, w in state.weights.items()}
    return Translator(replace(state, weights=weights))


@pytest.mark.parametrize("row", ROWS)
def test_a_trace_is_what_the_translator_computes(row, translator):
    """In the decoder it begins with the context, and has the right tokens as inputs."""
    lesson, (source, target) = translator.lesson, translator.lesson.pairs[row]
    trace = trace_lstm(translator, "encoder", row)
    assert not trace.state_h[0].any() and not trace.state_c[0].any()
    same_steps(trace, list(translator.encode(source)))
    assert "".join(token for token in trace.tokens if token is not None) == source
    assert len(trace) == (len(source) if lesson.model.mask_padding else lesson.source_length)
    trace, state, steps = trace_lstm(translator, "decoder", row), translator.context(source), []
    np.testing.assert_array_equal((trace.state_h[0], trace.state_c[0]), state)
    inputs = vectorize(lesson).decoder_inputs[row]
    for token_id in inputs[inputs.any(axis=1)].argmax(axis=1):
        steps.append(translator.decoder_step(int(token_id), state))
        state = Context(steps[-1].state_h, steps[-1].state_c)
    same_steps(trace, steps)
    assert lesson.target_vocabulary.decode(trace.ids) == target


def same_steps(trace, steps):
    assert len(trace) == len(trace.tokens) == len(steps)
    for n, step in enumerate(steps):
        np.testing.assert_array_equal(trace.state_h[n + 1], step.state_h)
        np.testing.assert_array_equal(trace.state_c[n + 1], step.state_c)
        np.testing.assert_array_equal([gate[n] for gate in trace.gates], step.gates)


def test_both_lstms_of_an_encoder_that_reads_both_ways_are_traced():
    state = TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(8, bidirectional=True)))
    translator, (source, _) = Translator(state), NOTEBOOK_PAIRS[2]
    there, back, decoder = (trace_lstm(translator, side, 2) for side in SIDES)
    assert back.tokens == there.tokens[::-1] == tuple(reversed(source))
    for n, step in enumerate(translator.encode(source), start=1):
        np.testing.assert_allclose(step.state_h, [*there.state_h[n], *back.state_h[n]], atol=1e-6)
        np.testing.assert_allclose(step.state_c, [*there.state_c[n], *back.state_c[n]], atol=1e-6)
    np.testing.assert_array_equal(decoder.state_h[0], translator.context(source).state_h)


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_the_tables_agree(side, translator):
    """The grid, its table, and the tables over time are the same numbers."""
    trace = trace_lstm(translator, side, 2)
    for step in range(len(trace)):
        grid, table = grid_table(trace, step, unit=3), unit_table(trace, step)
        wide = grid.pivot(index="unit", columns="part", values="value")
        np.testing.assert_array_equal(wide[list(PARTS)], table[list(PARTS)])
        for state, states in trace.states.items():
            np.testing.assert_array_equal(time_table(trace, state).iloc[:, step], table[state])
            np.testing.assert_array_equal(states[step], table[f"{state}_before"])
    assert list(time_table(trace, "h").columns) == trace.labels
    assert len(set(trace.labels)) == len(trace)


def test_shades_are_the_values_on_fixed_scales(translator):
    """Those of gates, g and h are the values themselves; c is measured by its largest value in the sentence."""
    trace = trace_lstm(translator, "encoder", 0)
    assert trace.ends["h"] == 1
    assert trace.ends["c"] >= abs(trace.state_c).max()
    grid = grid_table(trace, 3, unit=0)
    is_c = grid["part"].isin(["c", "c_before"])
    np.testing.assert_allclose(grid["shade"], grid["value"] / np.where(is_c, trace.ends["c"], 1), rtol=1e-6)
    assert grid["shade"].abs().max() <= 1
    assert grid.loc[grid["part"].isin(GATES), "shade"].min() >= 0
    for ink, dark in (("black", 0.0), ("white", 1.0)):  # a number stands out from its box, by WCAG's measure
        for part, shade in grid.loc[grid["ink"] == ink, ["part", "shade"]].itertuples(index=False):
            end = OPEN_GATE if part in GATES else NEGATIVE if shade < 0 else POSITIVE
            lighter, darker = sorted([luminance(ZERO, end, abs(shade)), dark], reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.4


@given(st.data(), st.integers(1, 60))
def test_a_window_of_units_has_the_chosen_one_in_its_middle(data, units):
    chosen, fits = (data.draw(st.integers(low, high)) for low, high in ((0, units - 1), (1, units)))
    window = np.flatnonzero(ranks_around(chosen, units) < fits)
    assert len(window) == fits
    assert window[-1] - window[0] == fits - 1  # neighbours
    left, right = chosen - window[0], window[-1] - chosen
    assert left >= 0 and right >= 0
    assert left - right in (0, 1) or (left > right and window[-1] == units - 1) or (right > left and window[0] == 0)


def value(number):
    return float(number.replace("−", "-"))


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_the_arithmetic_can_be_done_again(side, translator):
    """With what is written and a pocket calculator: each result follows from its line, but for the rounding."""
    functions = {"g": math.tanh} | dict.fromkeys(GATES, lambda z: 1 / (1 + math.exp(-z)))
    trace = trace_lstm(translator, side, 1)
    near = 2e-4 * max(1, float(abs(trace.state_c).max()))
    for step in range(len(trace)):
        for unit in range(0, trace.hidden, 5):
            for name, row in gate_sums(trace, step, unit).iterrows():
                bias, token, state, z, result = (value(written(part)) for part in row)
                assert z == pytest.approx(bias + token + state, abs=2e-4)
                assert result == pytest.approx(functions[name](z), abs=2e-4)
                assert row["result"] == pytest.approx(getattr(trace.gates, name)[step, unit], abs=1e-6)
            for name, (*places, result) in state_sums(trace, step, unit).items():
                for place in places:
                    sums = place.replace("−", "-").replace("·", "*")
                    assert eval(sums, {"tanh": math.tanh}) == pytest.approx(value(result), abs=near)
                assert value(result) == pytest.approx(trace.states[name][step + 1, unit], abs=6e-5)


@given(st.floats(-1000, 1000))
def test_numbers_are_written_to_four_digits(number):
    as_written = written(number)
    assert re.fullmatch(r"−?\d+\.\d{4}", as_written)
    assert value(as_written) == pytest.approx(number, abs=5.1e-5)
    assert as_written != "−0.0000"
    assert factor(as_written).startswith("(") == as_written.startswith("−")


@pytest.mark.parametrize("row", ROWS)
def test_what_padding_does_to_the_state(row, translator):
    """By the same weights in a lesson without a mask: there the encoder reads to the longest source."""
    lesson = translator.lesson
    models = [replace(lesson, model=replace(lesson.model, mask_padding=is_masked)) for is_masked in (False, True)]
    states = [replace(TrainingState.new(model), weights=translator.weights) for model in models]
    read, masked = map(Translator, states)
    source = lesson.pairs[row].source
    last_token, end = masked.context(source).state_h, read.context(source).state_h
    effect = padding_effect(translator, row)
    assert effect.zero_rows == (~vectorize(lesson).encoder_inputs[row].any(axis=1)).sum()
    assert effect.distance == pytest.approx(np.sqrt(((end - last_token) ** 2).sum()), abs=1e-5)
    assert effect.length == pytest.approx(np.sqrt((last_token**2).sum()), abs=1e-5)
    assert (effect.distance > 0) == (effect.zero_rows > 0)
