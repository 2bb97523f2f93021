"""The steps of the tour, and how each is seen to be done: by what is there that was not when the tour began."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pages.parts.state import ModelState, TensorsState, TranslateState, remembered
from pages.parts.workspace.session import Session
from seq2seq.data.pairs import normalise


class Step(NamedTuple):
    """One thing to do."""

    name: str  # of its text
    page: str  # where it is done
    done: Callable[[Session], list[Any]]  # returns what was done; when something is new in it, the step is
    control: str = ""  # that it needs; whoever hands a lesson on can leave it out, or the page


def _looked_at(session: Session) -> list:
    state = remembered(TensorsState)
    return [(state.tensor, state.step)]


def _inside(session: Session) -> list:
    state = remembered(ModelState)
    return [(state.side, state.step, state.unit)]


def _trained(session: Session) -> list:
    runs = [named.run for named in session.runs]
    return [(run.id, len(run.history)) for run in runs if run.is_active or run.history]


def _trained_to_an_end(session: Session) -> list:
    runs = [named.run for named in session.runs if not named.run.is_active]  # asked first: then its history is final
    return [(run.id, len(run.history)) for run in runs if run.history]


def _own_sentence(session: Session) -> list:
    sentence, run = session.sentence, session.run
    is_own = sentence is not None and run is not None and normalise(sentence) not in run.state.lesson.targets
    return [sentence] if is_own else []


def _stepped_through(session: Session) -> list:
    return [remembered(TranslateState).stepped_through]


STEPS = (
    Step("pairs", "pairs", lambda session: [session.table], "editing"),
    Step("tensors", "tensors", _looked_at),
    Step("cell", "model", _inside, "cell"),
    Step("train", "train", _trained),
    Step("end", "train", _trained_to_an_end),
    Step("sentence", "translate", _own_sentence),
    Step("steps", "translate", _stepped_through),
)


def steps_of(session: Session) -> list[Step]:
    """Returns the steps that can be done in a session."""
    return [step for step in STEPS if session.shows(step.page) and session.shows(step.control)]
