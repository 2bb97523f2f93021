"""How long the supplied lessons took to train here: what workers of this process measured, nothing else."""

from __future__ import annotations

from seq2seq.classroom.run import Run
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.lesson import Lesson

_seconds: dict[str, float] = {}  # by the name of the lesson; of the training that ended last


def note(run: Run) -> None:
    """Remembers how long a run took that a rule has ended, if it is a supplied lesson as it is supplied."""
    if not run.is_whole:
        return
    for lesson in SUPPLIED_LESSONS.values():
        if run.state.lesson == Lesson(lesson.pairs, lesson.model, lesson.training):
            _seconds[lesson.name] = run.seconds_trained


def seconds(name: str) -> float | None:
    """Returns how long the training of a supplied lesson took here when it was last trained to its end."""
    return _seconds.get(name)
