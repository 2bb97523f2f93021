"""Everything a training is at one moment. `seq2seq.training.advance` turns one state into a later one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seq2seq.config import Lesson
from seq2seq.weights import Weights, initial_weights


@dataclass(frozen=True)
class TrainingState:
    """A training between two batches: nothing else is needed to go on from here, on any machine.

    Args:
        lesson: the pairs, the model and how to train it.
        weights: the model's weights.
        adam_m: Adam's running mean of each weight's gradient.
        adam_v: Adam's running mean of its square.
        step: optimizer steps taken.
        epoch: whole epochs done.
        batch: batches done of the epoch under way.
        sums: of the epoch under way; what `training.METRIC_SUMS` names.
        history: one record per epoch: {"epoch": 1, "loss": …, "accuracy": …, "learning_rate": …}; at the epochs that
            `is_kept` names also what `metrics.examine` found.
        snapshots: (epoch, weights) of those epochs.
    """

    lesson: Lesson
    weights: Weights
    adam_m: Weights
    adam_v: Weights
    step: int = 0
    epoch: int = 0
    batch: int = 0
    sums: tuple[float, ...] = ()
    history: tuple[dict[str, float], ...] = ()
    snapshots: tuple[tuple[int, Weights], ...] = ()

    @classmethod
    def new(cls, lesson: Lesson) -> TrainingState:
        """The untrained model: first weights from the lesson's seed, Adam's means at zero."""
        weights = initial_weights(lesson)
        return cls(
            lesson,
            weights,
            adam_m={name: np.zeros_like(values) for name, values in weights.items()},
            adam_v={name: np.zeros_like(values) for name, values in weights.items()},
        )

    def at(self, epoch: int) -> TrainingState:
        """Returns the model as it was after an epoch that was kept: to look at and translate with, not to train on."""
        return replace(
            self,
            weights=dict(self.snapshots)[epoch],
            step=epoch * self.lesson.steps_per_epoch,
            epoch=epoch,
            batch=0,
            sums=(),
            history=self.history[:epoch],
        )


def is_kept(epoch: int) -> bool:
    """Whether the model is examined and kept after an epoch: 41 of the first 150 epochs, closer together early.

    All up to 15, then every second up to 31, every fourth up to 63 and so on.
    """
    return epoch % (1 << max(0, epoch.bit_length() - 4)) == 0
