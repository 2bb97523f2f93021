"""A student's runs, without a page: which are kept, which is current, and what other tabs have to draw anew."""

from dataclasses import replace
from itertools import pairwise

from pages.parts.session import NamedRun
from tests.pages.app import a_run, new_session


def test_empty_runs_are_dropped_before_trained_ones(trained):
    session = new_session()
    made = [session.new_run(session.lesson) for _ in range(2)]
    assert session.runs == made[1:]  # the first one was empty
    for n in range(11):
        session.run.state = trained if n else session.run.state  # the first of these is left without a step
        session.run.status = "finished" if n else "queued"
        made.append(session.new_run(session.lesson))
    empty, *others = made[1:]
    empty.run.status = "paused"
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others, made[-1]]  # not the oldest one, which was trained
    session.run.state = trained
    made.append(session.new_run(session.lesson))
    assert session.runs == [*others[1:], *made[-2:]]
    assert len({named.name for named in session.runs}) == len(session.runs) == 12


def test_a_run_that_trains_is_never_dropped(trained):
    session = new_session()
    active = [a_run(trained, "training", None) for _ in range(12)]
    session.runs = [NamedRun(run, f"{n}.", (session.lesson.pairs, session.model)) for n, run in enumerate(active)]
    session.run = active[-1]
    session.new_run(session.lesson, baseline=session.runs[3])
    assert [named.run for named in session.runs] == [*active, session.run]


def test_another_current_run_begins_with_its_latest_epoch(trained_session, trained):
    trained_session.look_at = 15
    trained_session.runs.append(NamedRun(a_run(trained), "2.", trained_session.runs[0].lesson_key))
    trained_session.delete(trained_session.run)
    assert trained_session.trained is trained


def test_what_another_tab_has_to_draw_anew(trained_session):
    redraw_keys = [trained_session.redraw_key]
    trained_session.look_at = 15
    redraw_keys.append(trained_session.redraw_key)
    trained_session.new_run(trained_session.lesson)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.resume()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.history = trained_session.runs[0].run.history  # an epoch alone is no reason
    assert trained_session.redraw_key == redraw_keys[-1]
    trained_session.pause()
    redraw_keys.append(trained_session.redraw_key)
    trained_session.run.state = replace(trained_session.run.state, step=5)  # begun and ended between two looks
    redraw_keys.append(trained_session.redraw_key)
    trained_session.runs[0].name = "first"
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.runs[0].run)
    redraw_keys.append(trained_session.redraw_key)
    trained_session.delete(trained_session.run)
    redraw_keys.append(trained_session.redraw_key)
    assert all(before != after for before, after in pairwise(redraw_keys))
