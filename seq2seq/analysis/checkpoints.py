"""After which epochs the model is evaluated and kept, to look back at."""

from __future__ import annotations

from seq2seq.limits import MAX_CHECKPOINT_BYTES
from seq2seq.state import Weights


def is_checkpoint(epoch: int) -> bool:
    """Whether the model is evaluated and kept after an epoch: 41 of the first 150 epochs, closer together early.

    All up to 15, then every second up to 31, every fourth up to 63 and so on.
    """
    return epoch % (1 << max(0, epoch.bit_length() - 4)) == 0


def thinned(checkpoints: tuple[tuple[int, Weights], ...]) -> tuple[tuple[int, Weights], ...]:
    """Keeps as many checkpoints as `MAX_CHECKPOINT_BYTES` allows: the latest, and of all others every nth.

    n is 1, 2, 4, 8 …, and all that there ever were are counted, not only those that are left: what is kept then lies
    closer together early, where a model changes most.
    """
    if not checkpoints:
        return ()
    latest, weights = checkpoints[-1]
    most = max(2, MAX_CHECKPOINT_BYTES // sum(values.nbytes for values in weights.values()))
    earlier = [epoch for epoch in range(1, latest) if is_checkpoint(epoch)]
    while len(earlier) >= most:
        earlier = earlier[::2]
    return tuple(checkpoint for checkpoint in checkpoints if checkpoint[0] in (*earlier, latest))
