"""The form with the settings."""

from dataclasses import replace

import pytest

from seq2seq import TrainingConfig
from seq2seq.limits import SETTING_RANGES
from tests.pages.app import a_run, button, checked, click, edit, new_session, open_page, shows, visit

FIELDS = ("epochs", "batch_size", "learning_rate", "patience", "seed", "held_out")


def type_in(app, **values):
    for name, value in values.items():
        app.number_input[FIELDS.index(name)].set_value(value)
    return checked(app.run())


def shown(app) -> dict[str, float]:
    return {name: field.value for name, field in zip(FIELDS, app.number_input, strict=True)}


def test_settings_can_be_changed_again_and_again(session):
    app = open_page("train", session)
    for epochs, held_out, is_on in ((77, 20, False), (88, 40, True), (99, 0, False), (99, 50, True)):
        app.main.toggle[0].set_value(is_on)
        type_in(app, epochs=epochs, held_out=held_out)
        assert session.training == TrainingConfig(epochs=epochs, held_out=held_out / 100, stop_when_right=is_on)
        assert (shown(app)["epochs"], shown(app)["held_out"]) == (epochs, held_out)
        assert app.main.toggle[0].value == is_on


def test_settings_are_the_same_in_all_tabs_and_stay_after_another_page(session):
    app, other = open_page("train", session), open_page("train", session)
    type_in(app, epochs=77)
    type_in(other, seed=5)
    assert session.training == TrainingConfig(epochs=77, seed=5)
    assert shown(other)["epochs"] == 77
    visit(visit(app, "pairs"), "train")
    assert session.training == TrainingConfig(epochs=77, seed=5)
    assert shown(app)["epochs"] == 77


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_out_of_range_stays_in_its_field_and_changes_nothing(name, session):
    app = open_page("train", session)
    scale = 100 if name == "held_out" else 1
    least, most = (type(shown(app)[name])(end * scale) for end in SETTING_RANGES[name])
    for typed in (least - 1, most + 1):
        type_in(app, **{name: typed})
        assert shown(app)[name] == typed
        assert shows(app, "train.out_of_range")
        assert button(app, "train.start").disabled
        assert session.training == TrainingConfig()
    for typed in (least, most):
        type_in(app, **{name: typed})
        assert not app.error
        assert getattr(session.training, name) == typed / scale
    type_in(app, **{name: least - 1})
    visit(visit(app, "pairs"), "train")
    assert shown(app)[name] == most and not app.error  # it is not kept for ever


def test_a_share_that_holds_nothing_out_says_so():
    app = open_page("train", new_session())
    for share in (5, 10, 20):
        type_in(app, held_out=share)
        assert shows(app, "train.held_out_none", pairs=5, share=f"{share}%") == (share < 20)


def test_a_run_that_goes_on_takes_over_the_rate_and_the_rules(engine, trained):
    session = new_session(run=a_run(trained, "paused", None))
    app = open_page("train", session)
    app.main.toggle[0].set_value(False)
    type_in(app, epochs=300, batch_size=2, learning_rate=0.002, patience=7, seed=9, held_out=20)
    click(app, "train.resume")
    taken_over = dict(epochs=300, learning_rate=0.002, patience=7, stop_when_right=False)
    assert session.run.state.lesson.training == replace(trained.lesson.training, **taken_over)
    assert session.run.state.weights is trained.weights
    assert session.run.target_epoch == 300 and session.run.has_rules
    rate = app.number_input[FIELDS.index("learning_rate")]
    assert rate.disabled  # it waits for a pause
    click(app, "train.pause")
    assert not app.number_input[FIELDS.index("learning_rate")].disabled


def test_the_settings_follow_the_run_that_is_chosen(trained_session, engine):
    """Or going on would change what nobody has typed."""
    first = trained_session.run
    trained_session.training = replace(trained_session.training, learning_rate=0.5, patience=3, seed=4)
    trained_session.new_run(trained_session.lesson)
    app = open_page("train", trained_session)
    edit(app, {0: {"used": True}})
    assert trained_session.run is first
    assert [shown(app)[name] for name in ("learning_rate", "patience", "seed")] == [0.01, 0, 4]
    click(app, "train.resume")
    assert first.state.lesson.training == TrainingConfig()
