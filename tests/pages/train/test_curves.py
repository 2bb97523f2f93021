"""The curves: what is drawn of the runs, and where."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pages.parts.theme import Theme
from pages.parts.train.curves import comparable, curve, last_epoch, marks_table, points_table, rate_changes
from pages.parts.workspace.session import NamedRun
from seq2seq import ModelConfig
from tests.pages.app import TEXTS, a_run, chart, chart_tables, checked, new_session, open_page, shows

ENGLISH = Theme("en")


def drawn(history, key):
    """Returns (epoch, value) of the points of one run."""
    rows = points_table({"1.": (history, key)}).to_pylist()
    assert {row["run"] for row in rows} <= {"1."}
    return [(row["epoch"], row["value"]) for row in rows]


@pytest.mark.parametrize("epochs", [0, 1, 2, 299, 300, 301, 598, 599, 600, 601, 1500, 10_000])
def test_a_line_has_at_most_300_points_and_its_last_one(epochs):
    points = drawn([{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, epochs + 1)], "loss")
    at = [epoch for epoch, _ in points]
    assert len(at) <= 300 and at == sorted(set(at))
    assert at[:1] + at[-1:] == [1, epochs][: 2 * len(at)]
    assert epochs > 300 or len(at) == epochs
    assert all(value == 1 / epoch for epoch, value in points)


def test_only_what_was_evaluated_is_drawn():
    history = [{"epoch": 1, "cer": 0.5}, {"epoch": 2}, {"epoch": 3, "cer": 2.5}]
    assert drawn(history, "cer") == [(1, 0.5), (3, 2.5)]


def test_a_changed_learning_rate_is_marked_where_it_begins():
    history = [{"epoch": n, "learning_rate": rate} for n, rate in enumerate([0.1, 0.1, 0.01, 0.01, 0.2], start=1)]
    label = TEXTS["train.learning_rate"]
    assert rate_changes("1.", history, ENGLISH) == [("1.", 3, f"{label} 0.01", 0), ("1.", 5, f"{label} 0.2", 0)]
    assert rate_changes("1.", history[:1], ENGLISH) == rate_changes("1.", [], ENGLISH) == []


@pytest.mark.parametrize("size", [1, 1.3])
def test_the_words_of_marks_stand_inside_the_chart_and_not_on_each_other(size):
    rows = marks_table([("1.", epoch, "x", line) for epoch in (1, 50, 51, 100) for line in range(3)], 100, size)
    placed = {(row["epoch"], row["side"], row["y"]) for row in rows.to_pylist()}
    assert len(placed) == 12
    assert {epoch: side for epoch, side, _ in placed} == {1: "right", 50: "right", 51: "left", 100: "left"}
    lines = sorted({y for *_, y in placed})
    assert lines[1] - lines[0] == lines[2] - lines[1] >= 11 * size + 3  # the letters and a gap


def test_the_time_axis_stands_still_while_the_lines_grow():
    def end(done, goal, is_active=True, longest=0):
        runs = [SimpleNamespace(history=[0] * n, target_epoch=goal, is_active=is_active) for n in (done, longest)]
        return last_epoch(runs)

    ends = [end(done, 1000) for done in range(1001)]
    assert all(done <= there <= 1000 for done, there in enumerate(ends))
    assert ends == sorted(ends) and len(set(ends)) < 8
    assert {end(done, 10) for done in range(11)} == {10}
    assert end(30, 1000, is_active=False) == 30 and end(30, 1000, is_active=False, longest=400) == 400
    assert end(0, 1) == end(0, 1000, is_active=False) == 2  # an axis needs two ends


@pytest.mark.parametrize("name", ["loss", "accuracy", "exact_match", "cer"])
@pytest.mark.parametrize(("masks", "way"), [({True}, ""), ({False}, "padded_"), ({True, False}, "masked_")])
def test_runs_are_compared_by_what_they_report_alike(name, masks, way):
    """A run without a mask counts padding in its own loss and accuracy; what was evaluated tells them apart for all."""
    way = way if name in ("loss", "accuracy") else ""
    expected = f"masked_{name}" if way == "masked_" else name
    assert comparable(name, masks, ENGLISH) == (expected, TEXTS[f"train.{way}{name}"])


# --- The chart -------------------------------------------------------------------------------------------------------


def encodings(spec):
    """Returns the encodings of the lines: the layer that draws "points"."""
    return next(layer["encoding"] for layer in spec["layer"] if layer["data"]["name"] == "points")


@pytest.mark.parametrize("number", [1, 2, 8, 12])
def test_runs_are_told_apart_without_colour_as_well(number):
    line = encodings(curve(tuple(map(str, range(number))), "Loss", 50, "open", ENGLISH))
    colours, dashes = (line[channel]["scale"]["range"] for channel in ("color", "strokeDash"))
    assert len(set(map(str, zip(colours, dashes, strict=True)))) == number
    assert len(set(map(str, dashes))) == min(number, 7)
    assert line["color"]["legend"] == line["strokeDash"]["legend"]  # one legend shows both
    assert (line["color"]["legend"] is None) == (number == 1)


# --- On the page -----------------------------------------------------------------------------------------------------


def session_with(*states):
    """Returns a session whose runs are all drawn, the last one current."""
    runs = [
        NamedRun(a_run(s), f"{n}.", (s.lesson.pairs, s.lesson.model), is_shown=True) for n, s in enumerate(states, 1)
    ]
    session = new_session(run=runs[-1].run, training=states[-1].lesson.training)
    session.runs = runs
    return session


@pytest.fixture(scope="module")
def unmasked(trained):
    """A run without a mask, which reports other figures of itself."""
    history = tuple(record | {"loss": 2 * record["loss"], "accuracy": 0.5} for record in trained.history[:20])
    lesson = replace(trained.lesson, model=ModelConfig(mask_padding=False))
    return replace(trained.at(20), lesson=lesson, history=history, checkpoints=())


def values_of(app, key, run):
    """Returns (epoch, value) of the line of a run in the chart with a title."""
    points = chart_tables(app, key)["points"]
    return list(points.loc[points["run"] == run, ["epoch", "value"]].itertuples(index=False, name=None))


def scale_of(app, key):
    return encodings(json.loads(chart(app, key).spec))["y"]["scale"]


def test_runs_that_differ_in_masking_are_drawn_by_the_same_measure(trained, unmasked):
    app = open_page("train", session_with(trained, unmasked))
    assert shows(app, "train.unlike_masks")
    for name in ("masked_loss", "masked_accuracy"):
        for run, state in (("1.", trained), ("2.", unmasked)):
            expected = [(record["epoch"], record[name]) for record in state.history if name in record]
            assert values_of(app, f"train.{name}", run) == expected


@pytest.mark.parametrize("is_masked", [True, False])
def test_runs_of_one_kind_are_drawn_as_they_reported(is_masked, trained, unmasked):
    state = trained if is_masked else unmasked
    app = open_page("train", session_with(state))
    assert not shows(app, "train.unlike_masks")
    for name in ("loss", "accuracy"):
        expected = [(record["epoch"], record[name]) for record in state.history]
        assert values_of(app, f"train.{name}" if is_masked else f"train.padded_{name}", "1.") == expected


def test_shares_end_at_one_and_an_error_rate_above_it_is_drawn_there(trained):
    state = replace(trained, history=(trained.history[0] | {"cer": 2.5}, *trained.history[1:]))
    app = open_page("train", session_with(state))
    assert scale_of(app, "train.accuracy")["domain"] == [0, 1]
    app.segmented_control(key="TrainState-measure").set_value("cer")
    checked(app.main.toggle(key="TrainState-is_log").set_value(True).run())
    assert values_of(app, "train.cer", "1.")[0] == (1, 2.5)
    assert scale_of(app, "train.cer") == {"domainMin": 0}
    assert scale_of(app, "train.loss") == {"type": "log"}


def test_the_table_of_the_history_has_every_epoch_of_the_drawn_runs(trained, unmasked):
    app = open_page("train", session_with(trained, unmasked))
    assert not [table for table in app.dataframe if "learning_rate" in table.value]  # nothing, while it is closed
    app.session_state["history"] = True
    checked(app.run())
    table = next(table for table in app.dataframe if "learning_rate" in table.value)
    assert list(zip(table.value["run"], table.value["epoch"], strict=True)) == [
        *(("2.", epoch) for epoch in range(1, 21)),
        *(("1.", epoch) for epoch in range(1, 151)),
    ]
    titles = json.loads(table.proto.columns)
    assert {titles[name]["label"] for name in table.value} <= {*TEXTS.values()}
