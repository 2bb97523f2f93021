"""Everything a training is at one moment. `seq2seq.training.advance` turns one state into a later one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seq2seq.lesson import Lesson

Weights = dict[str, np.ndarray]  # by name, see `weight_shapes`
METRIC_SUMS = ("loss", "correct", "tokens", "correct_padding", "padding")  # of the batches of an epoch


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
        batch: batches done of the epoch under way; when all are, the model is evaluated.
        sums: of the epoch under way; what `METRIC_SUMS` names.
        evaluation: of the epoch under way; see `metrics.evaluate_further`.
        history: one record per epoch: {"epoch": 1, "loss": …, "accuracy": …, "learning_rate": …}; at the epochs that
            `checkpoints.is_checkpoint` names also the `metrics.figures` of the model.
        checkpoints: (epoch, weights) of those epochs.
    """

    lesson: Lesson
    weights: Weights
    adam_m: Weights
    adam_v: Weights
    step: int = 0
    epoch: int = 0
    batch: int = 0
    sums: tuple[float, ...] = ()
    evaluation: tuple[dict[str, float], ...] = ()
    history: tuple[dict[str, float], ...] = ()
    checkpoints: tuple[tuple[int, Weights], ...] = ()

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

    @property
    def is_finite(self) -> bool:
        """Whether all weights are numbers: at too high a learning rate a training may end in NaN."""
        return all(np.isfinite(values).all() for values in self.weights.values())

    def at(self, epoch: int) -> TrainingState:
        """Returns the model as it was after an epoch that was kept: to look at and translate with, not to train on."""
        return replace(
            self,
            weights=dict(self.checkpoints)[epoch],
            step=epoch * self.lesson.steps_per_epoch,
            epoch=epoch,
            batch=0,
            sums=(),
            evaluation=(),
            history=self.history[:epoch],
        )


# --- Weights ---------------------------------------------------------------------------------------------------------


def weight_shapes(lesson: Lesson) -> dict[str, tuple[int, ...]]:
    """Returns name → shape, in the order of Keras's `model.get_weights()`.

    An LSTM has four sets of weights, of three gates and the candidate: they lie side by side along the last axis, in
    Keras's order i, f, g, o.
    """
    model, hidden, tokens = lesson.model, lesson.model.decoder_size, len(lesson.target_vocabulary)
    shapes = {}
    for name in ("encoder", "encoder_backward") if model.bidirectional else ("encoder",):
        shapes |= _lstm_shapes(name, len(lesson.source_vocabulary), model.hidden_size)
    shapes |= _lstm_shapes("decoder", tokens, hidden)
    if model.attention == "dot":
        shapes["attention_kernel"] = (2 * hidden, hidden)
    return shapes | {"dense_kernel": (hidden, tokens), "dense_bias": (tokens,)}


def _lstm_shapes(name: str, tokens: int, hidden: int) -> dict[str, tuple[int, ...]]:
    shapes = {"kernel": (tokens, 4 * hidden), "recurrent": (hidden, 4 * hidden), "bias": (4 * hidden,)}
    return {f"{name}_{part}": shape for part, shape in shapes.items()}


def initial_weights(lesson: Lesson) -> Weights:
    """Draws first weights from the lesson's seed, by the rules of Keras's layers.

    Drawn in NumPy rather than Keras: its generator is global to a process, so two students' trainings in one process
    would change each other's numbers, and a page can show an untrained model without TensorFlow.

    Source: Glorot and Bengio 2010 (kernels), Saxe et al. 2014 (recurrent), Jozefowicz et al. 2015 (forget bias 1).
    """
    rng = np.random.default_rng(lesson.training.seed)
    weights = {}
    for name, shape in weight_shapes(lesson).items():
        if name.endswith("_kernel"):
            limit = np.sqrt(6 / sum(shape))
            values = rng.uniform(-limit, limit, shape)
        elif name.endswith("_recurrent"):
            values = _orthogonal_rows(rng, shape)
        else:
            values = np.zeros(shape)
            if name != "dense_bias":
                hidden = shape[0] // 4
                values[hidden : 2 * hidden] = 1  # forget gates start open, so that memory lasts
        weights[name] = values.astype(np.float32)
    return weights


def _orthogonal_rows(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal(shape).T)  # (columns, rows), orthonormal columns
    return (q * np.sign(np.diag(r))).T  # the signs make every orthogonal matrix as likely
