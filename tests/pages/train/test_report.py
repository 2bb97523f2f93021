"""What the page Train says of one run: of the model that is looked at, and of no other."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from pages.parts.session import NamedRun
from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator
from seq2seq.analysis.metrics import evaluate
from tests.pages.app import a_run, checked, new_session, open_page, shows


@pytest.fixture(scope="session")
def within_an_epoch():
    """A run that rests after some batches of its eleventh epoch."""
    from seq2seq.training import advance  # noqa: PLC0415

    state = TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(batch_size=2)))
    state = advance(state, epochs=10)
    while not state.batch:
        state = advance(state, seconds=1e-9)
    return state


def figures_of(app, language="en") -> dict[str, str]:
    """Returns the column of the training sentences, as it is shown."""
    names = catalogue(language)
    table = next(table.value for table in app.table if names["train.figure"] in table.value)
    return dict(zip(table[names["train.figure"]], table.iloc[:, 1], strict=True))


def test_a_kept_epoch_is_whole(within_an_epoch):
    for epoch, weights in within_an_epoch.checkpoints:
        kept = within_an_epoch.at(epoch)
        assert kept.weights is weights
        assert (kept.epoch, kept.step, kept.batch, kept.sums) == (epoch, 3 * epoch, 0, ())
        assert kept.history == within_an_epoch.history[:epoch]


def test_each_kept_epoch_has_its_own_figures(within_an_epoch):
    app = open_page("train", new_session(run=a_run(within_an_epoch, "paused", None)))
    for epoch in (1, 5, within_an_epoch.epoch):
        app.select_slider[0].set_value(epoch)
        checked(app.run())
        state = within_an_epoch if epoch == within_an_epoch.epoch else within_an_epoch.at(epoch)
        assert shows(app, "train.figures_title", epoch=epoch)
        assert figures_of(app)[catalogue("en")["train.masked_loss"]] == f"{evaluate(state)['masked_loss']:.3f}"


def test_the_epoch_that_is_looked_at_is_one_in_all_tabs(trained_session):
    """At rest each tab draws itself anew now and then, and must not write back what it showed before."""
    app, other = (open_page("train", trained_session) for _ in range(2))
    before = trained_session.redraw_key
    app.select_slider[0].set_value(15)
    checked(app.run())
    assert trained_session.redraw_key != before  # so that the other tab draws itself anew
    for tab in (other, app):
        checked(tab.run())
        assert trained_session.trained.epoch == tab.select_slider[0].value == 15
    other.select_slider[0].set_value(trained_session.run.state.epoch)
    for tab in (other, app, other):
        checked(tab.run())
        assert trained_session.look_at is None and tab.select_slider[0].value == 150


# --- Curves ----------------------------------------------------------------------------------------------------------


def curves(app) -> list[tuple[dict, list[dict]]]:
    """Returns specification and rows of the two curves."""
    charts = [chart.proto for chart in app.get("vega_lite_chart")][:2]
    return [(json.loads(chart.spec), pa.ipc.open_stream(chart.data.data).read_all().to_pylist()) for chart in charts]


def title_of(spec) -> str:
    return " ".join(spec["layer"][0]["encoding"]["y"]["title"])


def values_of(rows, run) -> list[tuple[int, float]]:
    return [(row["epoch"], row["value"]) for row in rows if row["run"] == run and row["value"] is not None]


def session_with(*states, training=None):
    """Returns a session whose runs are all drawn, the last one current."""
    runs = [
        NamedRun(a_run(s), f"{n}.", (s.lesson.pairs, s.lesson.model), is_shown=True) for n, s in enumerate(states, 1)
    ]
    session = new_session(run=runs[-1].run, training=training or states[-1].lesson.training)
    session.runs = runs
    return session


@pytest.fixture(scope="session")
def unmasked():
    """The default lesson without a mask, after 20 epochs."""
    from seq2seq.training import advance  # noqa: PLC0415

    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(mask_padding=False), TrainingConfig(seed=0))
    return advance(TrainingState.new(lesson), epochs=20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_runs_that_differ_in_masking_are_drawn_by_the_same_measure(language, trained, unmasked):
    app = open_page("train", session_with(trained, unmasked), language)
    assert shows(app, "train.unlike_masks", language)
    for (spec, rows), name in zip(curves(app), ("loss", "accuracy"), strict=True):
        assert "".join(spec["layer"][0]["encoding"]["y"]["title"]) == catalogue(language)[
            f"train.masked_{name}"
        ].replace(", ", ",")
        for run, state in (("1.", trained), ("2.", unmasked)):
            evaluated = [(r["epoch"], r[f"masked_{name}"]) for r in state.history if f"masked_{name}" in r]
            assert values_of(rows, run) == evaluated


@pytest.mark.parametrize("is_masked", [True, False])
def test_runs_of_one_kind_are_drawn_as_they_reported(is_masked, trained, unmasked):
    state = trained if is_masked else unmasked
    app = open_page("train", session_with(state))
    assert not shows(app, "train.unlike_masks")
    for (spec, rows), name in zip(curves(app), ("loss", "accuracy"), strict=True):
        title = catalogue("en")[f"train.{name}" if is_masked else f"train.padded_{name}"]
        assert title_of(spec) == title
        assert values_of(rows, "1.") == [(record["epoch"], record[name]) for record in state.history]


def test_an_error_rate_above_one_is_drawn_there(trained):
    state = replace(trained, history=(trained.history[0] | {"cer": 2.5}, *trained.history[1:]))
    app = open_page("train", session_with(state))
    app.segmented_control(key="measure").set_value("cer")
    checked(app.run())
    spec, rows = curves(app)[1]
    assert values_of(rows, "1.")[0] == (1, 2.5)
    scale = spec["layer"][0]["encoding"]["y"]["scale"]
    assert "domainMax" not in scale and "domain" not in scale


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_the_history_has_every_epoch_of_the_drawn_runs(language, trained, unmasked):
    app = open_page("train", session_with(trained, unmasked), language)
    assert not [table for table in app.dataframe if "learning_rate" in table.value]  # nothing, while it is closed
    app.session_state["history"] = True
    checked(app.run())
    history = next(table.value for table in app.dataframe if "learning_rate" in table.value)
    assert list(zip(history["run"], history["epoch"], strict=True)) == [
        *(("2.", epoch) for epoch in range(1, 21)),
        *(("1.", epoch) for epoch in range(1, 151)),
    ]


# --- What stops it ---------------------------------------------------------------------------------------------------


def marks(app) -> list[tuple[int, str]]:
    return [(row["epoch"], row["mark"]) for row in curves(app)[0][1] if row["mark"] is not None]


def with_losses(state, losses):
    """Returns a state whose history has some losses."""
    records = zip(state.history, losses, strict=False)
    return replace(
        state, history=tuple(record | {"loss": loss} for record, loss in records), epoch=len(losses), checkpoints=()
    )


LOSSES = [3, 2, 1, 1.5, 1.4, 1.3, 1.2, 0.9, 1, 1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("patience", "used", "stop"), [(0, 5, None), (4, 4, 7), (3, 3, 6), (9, 9, None)])
def test_a_patience_can_be_tried_after_the_training(patience, used, stop, language, trained):
    texts, state = catalogue(language), with_losses(trained, LOSSES)
    app = open_page("train", session_with(state, training=TrainingConfig(patience=patience)), language)
    expected = [(8, texts["train.mark_best"])]
    if stop:
        expected.append((stop, texts["train.mark_stop"].format(patience=used)))
        assert shows(app, "train.stop_at", language, patience=used, epoch=stop)
    else:
        assert shows(app, "train.stop_not_yet", language, patience=used, since=2)
    assert marks(app) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_all_right_watches(language, trained):
    right = trained.history[17]["exact_match"]
    state = replace(trained, history=trained.history[:18], epoch=18)
    app = open_page("train", session_with(state), language)
    assert shows(app, "train.right_so_far", language, epoch=18, right=round(5 * right), evaluated=5)
    assert shows(app, "train.evaluated_next", language, epoch=20) == (right < 1)
    app = open_page("train", session_with(state, training=TrainingConfig(stop_when_right=False)), language)
    assert not shows(app, "train.right_so_far", language)


# --- What it says ----------------------------------------------------------------------------------------------------


def expected_table(app, language="en"):
    """Opens the table of what should be said, and returns it."""
    app.session_state["expected"] = True
    checked(app.run())
    return next(table.value for table in app.dataframe if catalogue(language)["train.says"] in table.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_should_have_been_said_can_be_read(language, trained):
    texts, state = catalogue(language), trained.at(15)
    table = expected_table(open_page("train", session_with(state), language), language)
    says = Translator(state).translate_all([source for source, _ in NOTEBOOK_PAIRS])
    assert [*zip(table[texts["pairs.source"]], table[texts["pairs.target"]], strict=True)] == list(NOTEBOOK_PAIRS)
    assert list(table[texts["train.says"]]) == says
    right = ["✓" if say == target else "✗" for say, (_, target) in zip(says, NOTEBOOK_PAIRS, strict=True)]
    assert list(table[texts["train.right"]]) == right


@pytest.mark.parametrize("status", ["finished", "training"])
def test_every_sentence_can_be_seen_at_rest_and_eight_while_it_trains(status):
    pairs = tuple((f"{n}", f"{n}{n}") for n in range(50))
    state = replace(TrainingState.new(Lesson(pairs, training=TrainingConfig(held_out=0.2))), step=1)
    session = new_session(pairs, run=a_run(state, status, None), training=state.lesson.training)
    app = open_page("train", session)
    assert shows(app, "train.held_out_sign", sign="◇") and shows(app, "train.shown_of", all=50)
    seen = []
    for page in range(1, 8 if status == "finished" else 2):
        if status == "finished":
            next(slider for slider in app.slider).set_value(page)
        sources = list(expected_table(app)[catalogue("en")["pairs.source"]])
        assert 0 < len(sources) <= 8
        seen += sources
    held_out = {pairs[row][0] for row in state.lesson.held_out_rows}
    assert any(source.endswith("◇") for source in seen)
    if status == "finished":
        assert sorted(seen) == sorted(f"{source} ◇" if source in held_out else source for source, _ in pairs)
    else:
        assert not app.slider


# --- Figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sample_is_called_one(language):
    pairs = tuple((f"{n}", f"{n}{n}") for n in range(250))
    state = replace(TrainingState.new(Lesson(pairs)), step=1)
    app = open_page("train", new_session(pairs, run=a_run(state, "paused", None)), language)
    texts = catalogue(language)
    name = texts["train.sample"].format(name=texts["train.on_training"], evaluated=100, all=250)
    assert any(name in table.value for table in app.table)


@pytest.mark.parametrize("markers", [True, False])
def test_why_sentences_are_wrong_though_tokens_are_right(markers, trained):
    figures = {"masked_accuracy": 0.9, "exact_match": 0.2}
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(markers=markers))
    state = TrainingState.new(lesson)
    record = trained.history[0] | figures
    state = replace(state, step=5, epoch=1, history=(record,), checkpoints=((1, state.weights),))
    app = open_page("train", session_with(state))
    assert shows(app, "train.gap_alone") == markers
    assert shows(app, "train.gap_endless") == (not markers)
