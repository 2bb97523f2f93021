"""The epochs whose model is kept."""

import itertools

import numpy as np
import pytest

from seq2seq.analysis import checkpoints as module
from seq2seq.analysis.checkpoints import is_checkpoint, thinned


@pytest.mark.parametrize("most", [1, 2, 3, 4, 11, 20, 40])
def test_checkpoints_are_thinned_to_a_bound_and_stay_closer_together_early(monkeypatch, most):
    weights = {"w": np.zeros(20, np.float32)}
    monkeypatch.setattr(module, "MAX_CHECKPOINT_BYTES", most * 80)
    checkpoints = ()
    for epoch in filter(is_checkpoint, range(1, 2001)):
        checkpoints = thinned((*checkpoints, (epoch, weights)))
        epochs = [epoch for epoch, _ in checkpoints]
        assert len(epochs) <= max(2, most)
        assert (epochs[0], epochs[-1]) == (1, epoch)
        gaps = [later - earlier for earlier, later in itertools.pairwise(epochs[:-1])]
        assert gaps == sorted(gaps)
    assert len(epochs) >= most // 2  # it keeps what it can
