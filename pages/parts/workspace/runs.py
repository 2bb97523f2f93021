"""The trainings of a session, as they stand in the table of runs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pages.parts.workspace.rows import Row
from seq2seq import ModelConfig
from seq2seq.classroom.run import Run
from seq2seq.data.pairs import Pair


@dataclass(eq=False)
class NamedRun:
    """A training as it stands in the table of runs."""

    run: Run
    name: str  # as the student calls it
    # The pairs and the model that the lesson had when it, or what it is compared with, was started.
    lesson_key: tuple[tuple[Pair, ...], ModelConfig]
    baseline: str | None = None  # the id of the run that it is compared with, one thing being changed
    is_shown: bool = False  # whether its curves are drawn beside those of the current run
    lesson: tuple[str, tuple[Row, ...]] = ("own", ())  # that it belongs to: its name, and the rows that it began with

    @property
    def is_empty(self) -> bool:
        """Whether nothing is lost with it: it is paused and was never trained."""
        return not (self.run.is_active or self.run.state.step)

    @property
    def checkpoint_bytes(self) -> int:
        """What its checkpoints take; each has as many numbers as the latest weights."""
        state = self.run.state
        return len(state.checkpoints) * sum(weights.nbytes for weights in state.weights.values())


def forget_checkpoints(runs: Iterable[NamedRun], limit: int) -> None:
    """Keeps the checkpoints of the first of some runs, as many as fit into a number of bytes.

    The others lose theirs, unless they train. The latest weights stay.
    """
    for named in runs:
        limit -= named.checkpoint_bytes
        if limit < 0 and not named.run.is_active:  # asked first: of one that has just ended the state is the last
            named.run.state = replace(named.run.state, checkpoints=())
