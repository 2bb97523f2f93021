"""What runs in the workers: one slice of one training. The only file of the classroom that loads Keras."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable

import keras
import psutil
import tensorflow as tf
from distributed import Worker, get_worker

from seq2seq.classroom.stopping import stop_reason
from seq2seq.data.pairs import NOTEBOOK_PAIRS
from seq2seq.lesson import Lesson, ModelConfig
from seq2seq.state import TrainingState
from seq2seq.training import advance

_COUNTS = ("epoch", "evaluated", "held_out_evaluated")  # whole numbers of a record
IDLE_SECONDS = 30  # in which others get ready, and whoever has come begins
GATHER_SECONDS = 0.05  # a message at most this often: an epoch may take 5 ms, and nobody sees 200 pictures a second


def dask_setup(worker: Worker) -> None:
    """Makes a fresh worker ready, so that the first click does not wait. Dask calls it (`preload`)."""
    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10)  # pages come first
    tf.config.threading.set_intra_op_parallelism_threads(1)  # more make no operation of a lesson quicker
    tf.config.threading.set_inter_op_parallelism_threads(2)  # operations at once: halves of a large lesson's batches
    _compile(hidden_size=32)
    threading.Thread(target=_compile_when_idle, args=(worker,), daemon=True).start()


def _compile(hidden_size: int, attention: str = "none") -> None:
    """Compiles the functions that train a kind of model: small ones and large ones have their own."""
    advance(TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(hidden_size, attention=attention))), epochs=1)


def _compile_when_idle(worker: Worker) -> None:
    """Gets ready for other models, which are rarer, once nothing else is to be done; it takes seconds."""
    time.sleep(IDLE_SECONDS)
    while worker.state.executing_count:
        time.sleep(1)
    _compile(hidden_size=32, attention="dot")
    _compile(hidden_size=256)


def train_slice(
    lesson: Lesson, start: TrainingState, target_epoch: int | None, seconds: float, topic: str, label: dict
) -> tuple:
    """Trains on for a moment, telling of every epoch as it ends.

    Args:
        lesson: sent once a training, apart from the states.
        start: where to begin, without its lesson and checkpoints; of its history only what the stopping rules watch.
        target_epoch: the epoch to train up to, whatever the rules say; None trains until the rules end it.
        seconds: how long.
        topic: where to send messages: `label` with the "records" of epochs that ended, the "outputs" of those that were
            evaluated (epoch, source → output), and the "progress", 0 to 1, of the one under way. The first says that
            the slice has begun.
        label: tells the messages of this slice from others.

    Returns:
        The later state, without its lesson and with the history and checkpoints of this slice alone; the seconds that
        it took; and the bytes of memory that this process has by now.

    Raises:
        RuntimeError: anything went wrong. TensorFlow's own exceptions could not be unpickled without TensorFlow.
    """
    began = time.monotonic()
    state = dataclasses.replace(start, lesson=lesson)
    worker = get_worker()
    stream = EpochStream(state, target_epoch is None, lambda message: worker.log_event(topic, label | message))
    try:
        epochs = (target_epoch or lesson.training.epochs) - state.epoch
        later = advance(state, epochs=epochs, seconds=seconds, callbacks=[stream])
    except Exception as error:
        logging.getLogger(__name__).exception("a slice of a training failed")
        problem = f"{type(error).__name__}: {error}"
    else:
        later = dataclasses.replace(later, lesson=None, history=later.history[len(state.history) :])
        return later, time.monotonic() - began, psutil.Process().memory_info().rss
    raise RuntimeError(problem)  # out of the handler, or the original would travel along


class EpochStream(keras.callbacks.Callback):
    """Sends what happens in a training as it happens, and ends it when the lesson's rules say so.

    Args:
        state: where the training begins.
        has_rules: whether the lesson's rules may end it.
        send: takes a message.
    """

    def __init__(self, state: TrainingState, has_rules: bool, send: Callable[[dict], None]):
        super().__init__()
        self._training = state.lesson.training
        self._has_rules = has_rules
        self._history = list(state.history)
        self._send = send
        self._records: list[dict[str, float]] = []  # not sent yet
        self._outputs: list[tuple[int, dict[str, str]]] = []  # nor these
        self._progress = state.batch / state.lesson.steps_per_epoch
        self._sent_at = 0.0

    def on_train_begin(self, logs=None):
        self._send_all()
        self._sent_at = 0.0  # the first epoch is news at once

    def on_train_batch_end(self, batch, logs=None):
        self._progress = (batch + 1) / logs["batches"]
        if self._progress < 1:  # else the epoch's own record follows
            self._send_sometimes()

    def on_epoch_end(self, epoch, logs=None):
        self._progress = 0.0
        # Keras makes a float of every number before it tells it to callbacks.
        record = logs | {name: round(logs[name]) for name in _COUNTS if name in logs}
        if outputs := dict(record.pop("outputs")):
            self._outputs.append((record["epoch"], outputs))
        self._records.append(record)
        self._history.append(record)
        if self._has_rules and stop_reason(self._history, self._training):
            self.model.stop_training = True
        self._send_sometimes()

    def on_train_end(self, logs=None):
        self._send_all()

    def _send_sometimes(self):
        if time.monotonic() - self._sent_at >= GATHER_SECONDS:
            self._send_all()

    def _send_all(self):
        self._send({"records": self._records, "outputs": self._outputs, "progress": self._progress})
        self._records, self._outputs, self._sent_at = [], [], time.monotonic()
