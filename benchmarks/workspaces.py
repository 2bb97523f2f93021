"""What workspaces cost that nobody looks at: `python -m benchmarks.workspaces`.

Each has a model of 64 units with 40 checkpoints. Thirty are looked at; the others were, a moment ago.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator

import numpy as np
import psutil

from pages.parts.workspace import sessions as sessions_file
from pages.parts.workspace.keeping import marks_of
from pages.parts.workspace.session import Session
from pages.parts.workspace.sessions import Sessions
from seq2seq import ModelConfig, TrainingState

CHECKPOINTS, SECONDS = 40, 1.0


def with_a_model(seed: int) -> Session:
    """Returns a session with a model that has checkpoints of its own."""
    session = Session.new("notebook")
    session.model = ModelConfig(64)
    run = session.new_run(session.lesson).run
    rng = np.random.default_rng(seed)

    def weights() -> dict[str, np.ndarray]:
        return {name: rng.random(values.shape, np.float32) for name, values in run.state.weights.items()}

    checkpoints = tuple((epoch, weights()) for epoch in range(1, CHECKPOINTS + 1))
    history = tuple({"epoch": epoch, "loss": 1.0} for epoch in range(1, CHECKPOINTS + 1))
    parts = {"weights": weights(), "adam_m": weights(), "adam_v": weights()}
    run.state = TrainingState(run.state.lesson, **parts, epoch=CHECKPOINTS, history=history, checkpoints=checkpoints)
    return session


def measured(url: str, open_ones: int, workspaces: int) -> Iterator[tuple[int, int, float]]:
    """Yields how many workspaces there are, how many of them are in memory, and the megabytes that this process has."""
    sessions_file.REST_SECONDS = SECONDS
    sessions = Sessions(url)
    looked_at = [sessions.use(with_a_model(n)) for n in range(open_ones)]
    for session in looked_at:
        session.sentence = "Hello."
    for n in range(open_ones, workspaces + 1):
        if n in (open_ones, workspaces):
            while len(sessions._used) > open_ones or any(one.kept.marks != marks_of(one) for one in looked_at):
                _look(sessions, looked_at)
            gc.collect()
            yield n, len(sessions._alive), psutil.Process().memory_info().rss / 2**20
        sessions.use(with_a_model(n)).sentence = "Hello."
        _look(sessions, looked_at)
    sessions.close()


def _look(sessions: Sessions, looked_at: list[Session]) -> None:
    for session in looked_at:
        sessions.use(session)
    time.sleep(0.02)


def main() -> None:
    """Prints a row for thirty workspaces, and one for three hundred."""
    print("| workspaces | of these in memory | this process, MB |\n|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for workspaces, alive, megabytes in measured(f"sqlite:///{folder}/lab.db", 30, 300):
            print(f"| {workspaces} | {alive} | {megabytes:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
