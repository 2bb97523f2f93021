"""When a training is over. A pure function of its history, so that pages can show what the rules watch."""

from __future__ import annotations

from collections.abc import Sequence

from seq2seq.lesson import TrainingConfig


def stop_reason(history: Sequence[dict[str, float]], training: TrainingConfig) -> str | None:
    """Names the rule that ends a training after the last epoch of a history.

    Args:
        history: one record per epoch, as in `TrainingState.history`.
        training: the rules.

    Returns:
        "right" when every training sentence came out exactly; "epochs" when all were done; "patience"
        when the training loss has not fallen below its best for that many epochs, as
        Keras's `EarlyStopping(monitor="loss")` counts them; None while neither holds.
    """
    if training.stop_when_right and history and history[-1].get("exact_match") == 1:
        return "right"
    if training.patience and epochs_without_improvement(history) >= training.patience:
        return "patience"
    if len(history) >= training.epochs:
        return "epochs"
    return None


def epochs_without_improvement(history: Sequence[dict[str, float]]) -> int:
    """Returns how many epochs at the end of a history did not bring the loss below its best before them."""
    losses = [record["loss"] for record in history]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def first_stop(history: Sequence[dict[str, float]], patience: int, watched: str = "loss") -> int | None:
    """Returns the epoch after which a patience would have ended a training, None if it would not have.

    Args:
        history: one record per epoch.
        patience: epochs.
        watched: what is to fall; of epochs that have no such figure nothing is known.
    """
    best, best_epoch = float("inf"), 0
    for epoch, record in enumerate(history, start=1):
        if record.get(watched, best) < best:
            best, best_epoch = record[watched], epoch
        elif watched in record and epoch - best_epoch >= patience:
            return epoch
    return None
