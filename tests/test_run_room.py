"""What the page Train says of one run: of the model that is looked at, and of no other."""

import pytest
from test_pages import a_run, catalogue, checked, engine, new_session, open_page, shows  # noqa: F401

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState
from seq2seq.metrics import examine

pytestmark = pytest.mark.timeout(120)


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
    for epoch, weights in within_an_epoch.snapshots:
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
        assert figures_of(app)[catalogue("en")["train.masked_loss"]] == f"{examine(state)['masked_loss']:.3f}"
