"""Training as one pure function, applied again and again: `advance(state) -> state`.

Pause is not calling it, one epoch is `epochs=1`, continue is calling it later, and a run that lost its machine goes on
from the last state. What an epoch computes is in `seq2seq.compiled.epochs`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import keras

from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.analysis.metrics import evaluate_further, figures, is_evaluated
from seq2seq.compiled.batch_order import orders_for_a_call
from seq2seq.compiled.epochs import epoch_metrics, epoch_trainer, from_optimizer, to_optimizer, unflatten_weights
from seq2seq.state import TrainingState

_CALL_SECONDS = 0.1  # about how long a call of the compiled function may take, so that Pause is quick


def advance(
    state: TrainingState,
    *,
    epochs: int | None = None,
    seconds: float | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> TrainingState:
    """Returns a later state: trained on for some epochs or some time, whichever ends first.

    It gives the numbers of `model.fit` (tested to 1e-4 over 50 epochs of the notebook), by a compiled function that
    serves every lesson. Many small calls give bit for bit those of one long call. When a training is over, the caller
    decides (`seq2seq.classroom.stopping`), so that a student may always go on.

    Args:
        state: where to begin; it is left as it was.
        epochs: epochs to finish; one that is under way counts as the first.
        seconds: stop after the batches, or the sentences under evaluation, that are running when this time has passed.
        callbacks: Keras callbacks, told of batches and epochs: of an epoch its record, with the "outputs" of sentences
            that were evaluated in this call, (source, output) each. Their `self.model` is no Keras model but a stand-in
            with one attribute, `stop_training`, which they may set; the weights are in the returned state.

    Raises:
        ValueError: neither `epochs` nor `seconds` is given, or one of them is not positive, or `epochs` not whole.
    """
    # Prepare: where to end, what the compiled function trains, and the callbacks.
    last_epoch, ends_at = _ends(state, epochs, seconds)
    train, optimizer, per_call = epoch_trainer(state.lesson), to_optimizer(state), 1  # batches
    stand_in = _StandIn()
    callback_list = keras.callbacks.CallbackList(list(callbacks), model=stand_in)
    callback_list.on_train_begin()
    while not stand_in.stop_training:
        # Call: as many batches as take a moment, of one epoch or of several.
        called_at, before = time.perf_counter(), (optimizer, state.sums)
        orders = orders_for_a_call(state.lesson, state.epoch, state.batch, per_call, last_epoch)
        optimizer, *results = train(*before, orders)
        # Per epoch: count its batches, and after the last one evaluate the model and write the record.
        for n, result in enumerate(zip(orders, *results, strict=True), start=1):
            state = _count_batches(state, *result, callback_list, ends_at)
            if state.batch or stand_in.stop_training:
                if n < len(orders):  # it ends here, and the call went on further
                    optimizer, *_ = train(*before, orders[:n])
                break
        if state.epoch >= last_epoch or time.monotonic() >= ends_at:
            break
        seconds_per_batch = (time.perf_counter() - called_at) / max(1, sum(map(len, orders)))
        per_call = max(1, int(_CALL_SECONDS / seconds_per_batch))
    # Return.
    callback_list.on_train_end()
    return from_optimizer(optimizer, state)


class _StandIn:
    """What callbacks find as `self.model`: the switch that ends the training, as on a `keras.Model`."""

    stop_training = False


def _ends(state: TrainingState, epochs: int | None, seconds: float | None) -> tuple[float, float]:
    """Returns after which epoch, and at what time, a call of `advance` ends."""
    if epochs is None and seconds is None:
        raise ValueError("advance needs a number of epochs or seconds")
    if epochs is not None and not (epochs >= 1 and epochs % 1 == 0):
        raise ValueError(f"epochs must be a whole number from 1, not {epochs}")
    if seconds is not None and not seconds > 0:  # also refuses NaN
        raise ValueError(f"seconds must be positive, not {seconds}")
    return (
        math.inf if epochs is None else state.epoch + epochs,
        math.inf if seconds is None else time.monotonic() + seconds,
    )


def _count_batches(state, order, sums, weights, callback_list, ends_at) -> TrainingState:
    """Returns the state after some batches of the epoch under way.

    Args:
        state: before them.
        order: (batches, batch size); no batch where only the evaluation of an epoch goes on.
        sums, weights: (metric sums,) and (weights,), after them.
        callback_list: to tell of them.
        ends_at: see `_close_epoch`.
    """
    if state.batch == 0:
        callback_list.on_epoch_begin(state.epoch)
    state = replace(state, batch=state.batch + len(order), sums=tuple(sums.tolist()))
    if len(order):
        callback_list.on_train_batch_end(state.batch - 1, {"batches": state.lesson.steps_per_epoch})
    is_over = state.batch == state.lesson.steps_per_epoch
    return _close_epoch(state, weights, callback_list, ends_at) if is_over else state


def _close_epoch(state, weights, callback_list, ends_at) -> TrainingState:
    """Returns the state after an epoch whose batches are done, evaluated and kept if it is a checkpoint.

    If time is up before all is evaluated, the epoch stays open, and `advance` goes on with the evaluation next time.
    """
    lesson, epoch, checkpoints, outputs = state.lesson, state.epoch + 1, state.checkpoints, {}
    record = {"epoch": epoch} | epoch_metrics(state.sums, lesson) | {"learning_rate": lesson.training.learning_rate}
    if is_checkpoint(epoch):
        state = replace(state, weights=unflatten_weights(weights, lesson))
        while not is_evaluated(state):
            evaluation, more = evaluate_further(state)
            state, outputs = replace(state, evaluation=evaluation), more | outputs
            if time.monotonic() >= ends_at and not is_evaluated(state):
                return state
        record |= figures(state.evaluation)
        checkpoints = (*checkpoints, (epoch, state.weights))
    callback_list.on_epoch_end(epoch - 1, record | {"outputs": tuple(outputs.items())})
    history, cleared = (*state.history, record), {"batch": 0, "sums": (), "evaluation": ()}
    return replace(state, epoch=epoch, history=history, checkpoints=checkpoints, **cleared)
