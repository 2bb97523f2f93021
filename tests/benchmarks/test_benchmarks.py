"""The benchmarks run, their sides do the same work, and the table says what was measured. No figure is judged here."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks import app, data, decoding, large, notebook
from benchmarks.__main__ import ROWS
from benchmarks.data import notebook_lesson
from benchmarks.keras_example import KerasExample
from benchmarks.measure import Row, Side, Turn, amount, machine, seconds, take_turns
from pages.parts.players import stepper as picture
from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingConfig, TrainingState, vectorize
from seq2seq.analysis.gradients import forward
from seq2seq.lesson import ATTENTIONS
from seq2seq.training import advance

EQUALLY_LONG = tuple(Pair(f"go {n:02}!", f"va {n:02} !") for n in range(20))
PAIRS = (*EQUALLY_LONG, Pair("run", "cours vite"), Pair("go home now", "va"))
SETTINGS = ModelConfig(8), TrainingConfig(batch_size=6)


# --- The sides


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_an_epoch_has_the_notebooks_losses_and_can_be_repeated(attention):
    ours, fit = notebook.Ours(attention).train(epochs=4), notebook.Fit(attention)
    for _ in range(2):
        np.testing.assert_allclose(fit.train(epochs=4), ours, rtol=0, atol=1e-4)


def test_ours_stops_when_all_sentences_are_right():
    told = notebook.Ours().until_right(seed=0)
    assert told["right"]
    assert told["epochs"] < TrainingConfig().epochs


def test_the_example_has_spaces_where_we_have_zero_rows():
    example, ours = KerasExample(NOTEBOOK_PAIRS, 4), vectorize(Lesson(NOTEBOOK_PAIRS))
    spaces = [ids[" "] for ids in (example.source_ids, example.target_ids, example.target_ids)]
    for theirs, tensor, space in zip([*example.inputs, example.decoder_targets], ours, spaces, strict=True):
        time = tensor.shape[1]
        is_padding = tensor.sum(axis=-1) == 0
        if tensor is ours.decoder_inputs:  # the example feeds the end marker as well
            is_padding[:, 1:] = is_padding[:, 1:] & is_padding[:, :-1]
            is_padding[:, 0] = False
            ends = (theirs[:, :time].argmax(axis=-1) == example.target_ids["\n"]) & ~is_padding
            assert ends.sum() == sum(len(pair.target) + 1 < time for pair in NOTEBOOK_PAIRS)
            is_token = ~is_padding & ~ends
        else:
            is_token = ~is_padding
        np.testing.assert_array_equal(theirs[:, :time][is_token], tensor[is_token])
        assert (theirs[:, :time][is_padding].argmax(axis=-1) == space).all()
        assert (theirs.sum(axis=-1) == 1).all()


def test_the_example_translates_one_predict_at_a_time():
    pairs = Pair("go", "v a"), Pair("no", "s i")  # equally long, so that the example reads no spaces
    lesson = Lesson(pairs, ModelConfig(8), TrainingConfig(learning_rate=0.03))
    trained = advance(TrainingState.new(lesson), epochs=100)
    example = KerasExample(pairs, 8)
    example.model.set_weights(list(trained.weights.values()))
    assert [example.translate(row) for row in range(2)] == ["v a", "s i"]


@pytest.fixture
def small(monkeypatch):
    """A function that puts a small lesson in the place of the large one."""

    def put(module, pairs):
        monkeypatch.setattr(module, "large_lesson", lambda count: Lesson(pairs, *SETTINGS))

    return put


def test_both_sides_train_on_all_pairs_and_count_the_loss_per_real_character_and_their_memory(small, monkeypatch):
    fitted = []
    monkeypatch.setattr(keras.Model, "fit", lambda self, inputs, targets, *batch, **_: fitted.append((targets, *batch)))
    small(large, EQUALLY_LONG)  # without padding, both models compute the same
    ours, example = large.Ours(20), large.Example(20)
    ours.train()
    example._example.model.set_weights(list(ours._state.weights.values()))
    assert ours.loss_per_character() == pytest.approx(example.loss_per_character(), abs=1e-5)
    example.train()
    assert [(len(targets), *batch) for targets, *batch in fitted] == [(6,), (20, 6)]  # one batch to be warm
    lesson = ours._state.lesson
    places = 20 * (lesson.source_length + 2 * lesson.target_length)
    assert ours.data_bytes() in (2 * places, 4 * places)
    assert example.data_bytes() > 4 * places * 10


@pytest.mark.parametrize("packed", ["both", "encoder"])
def test_pytorch_has_our_losses(small, packed):
    pytest.importorskip("torch")
    from benchmarks import pytorch  # noqa: PLC0415

    small(large, PAIRS)
    small(pytorch, PAIRS)
    ours, theirs = large.Ours(22), pytorch.PyTorch(threads=1, pairs=22, packed=packed)
    for _ in range(3):
        theirs.prepare(ours.batches())
        assert theirs.train() == pytest.approx(ours.train(), abs=1e-3)  # its Adam adds epsilon elsewhere


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_pytorch_trains_our_model_on_the_notebooks_pairs(attention):
    pytest.importorskip("torch")
    from benchmarks import pytorch  # noqa: PLC0415

    theirs, lesson = pytorch.PyTorch(threads=1, attention=attention), notebook_lesson(attention)
    theirs.prepare([[0]])
    ours = forward(TrainingState.new(lesson), [0])
    losses = ours.losses[0] * lesson.target_length / (len(lesson.pairs[0].target) - 1)  # per character
    assert theirs.train() == pytest.approx(losses, abs=1e-5)  # before its first step
    theirs.prepare([[row] for row in range(5)])
    first = theirs.train()
    assert theirs.train(epochs=20) < first - 0.2


def test_a_decoding_step_is_the_same_on_all_sides():
    ours, *theirs = (
        side(hidden_size=8).decode(steps=3) for side in (decoding.Ours, decoding.Predict, decoding.Compiled)
    )
    for probabilities in theirs:
        np.testing.assert_allclose(probabilities, ours, rtol=0, atol=1e-6)


def test_the_browser_looks_for_what_is_there():
    code = Path(app.__file__).read_text("utf-8")
    keys = re.findall(r'"([a-z]+\.[a-z_]+)"', code)
    assert len(keys) > 10
    assert not set(keys) - set(catalogue("en")) - {"pairs.csv"}
    stepper = (Path(picture.__file__).parent / "stepper.html").read_text("utf-8")
    for attribute in ("narration", "next"):
        assert attribute in code and f'"{attribute}"' in stepper


def test_the_large_lesson_is_as_long_as_the_examples_and_always_the_same():
    lesson = data.large_lesson()
    lengths = np.array([[len(text) for text in pair] for pair in lesson.pairs])
    np.testing.assert_allclose(lengths.mean(axis=0), [13.6, 18.7], atol=1)  # those of its English–French pairs
    np.testing.assert_allclose(lengths.std(axis=0), [2.0, 5.3], atol=1)
    np.testing.assert_allclose(lengths.max(axis=0), [16, 57], atol=10)
    assert np.corrcoef(lengths.T)[0, 1] < 0.4
    assert [len(set("".join(side))) for side in zip(*lesson.pairs, strict=True)] == [59, 88]
    assert data.large_lesson(10).pairs == lesson.pairs[:10]


# --- Measuring


def test_a_side_lives_in_a_process_of_its_own():
    with Side("measure:Turn", seconds=0.5, result="there") as side:
        turns, again = take_turns(2, lambda: side.call("_asdict"), lambda: side.call("_asdict"))
    assert [turn.result for turn in (*turns, *again)] == [{"seconds": 0.5, "result": "there"}] * 4
    assert 0 < seconds(turns) < 60


def test_a_side_that_cannot_be_made_says_why():
    with pytest.raises(ChildProcessError, match="no attribute 'Nobody'"):
        Side("measure:Nobody")


def test_the_median_counts():
    assert seconds([Turn(1, None), Turn(9, None), Turn(2, None)]) == 2


def test_the_table():
    cells = [str(row).split(" | ")[2:] for row in (
        Row("a", "b", 0.002, 0.1, wanted=15),
        Row("a", "b", 0.002, 0.1, wanted=15, holds=False),
        Row("a", "b", 1e6, 3e8, wanted=500, unit="B"),
        Row("a", "–", 0.4, None, wanted=0.5),
        Row("a", "–", 0.4, None, wanted=2, unit="%"),
    )]  # fmt: skip
    assert cells == [
        ["2.00 ms", "100 ms", "50.0 ×", "15 ×", "yes |"],
        ["2.00 ms", "100 ms", "50.0 ×", "15 ×", "**no** |"],
        ["1.00 MB", "300 MB", "300 ×", "500 ×", "**no** |"],
        ["400 ms", "–", "–", "≤ 500 ms", "yes |"],
        ["0.40 %", "–", "–", "≤ 2.00 %", "yes |"],
    ]
    assert {line.count("|") for line in Row.HEAD.splitlines()} == {8}


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [(0.00531, "s", "5.31 ms"), (61.2, "s", "61.2 s"), (7200, "s", "7200 s"), (3.3e-5, "s", "33.0 µs"), (0, "s", "0 s"),
     (9.999, "s", "10.0 s"), (999.7, "B", "1.00 kB"), (2.7e6, "B", "2.70 MB"), (5, "B", "5.00 B")],
)  # fmt: skip
def test_amounts_have_three_digits_and_a_unit(value, unit, written):
    assert amount(value, unit) == written


def test_the_machine_is_named_with_what_runs_on_it():
    assert re.search(r"\d+ cores, \d+ GB, .*; Python 3\.\d+\.\d+, tensorflow 2\.", machine())


def test_every_row_says_what_it_is():
    assert all(row.__doc__ for row in ROWS.values())
