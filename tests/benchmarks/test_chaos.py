"""A short form of `make chaos`."""

from benchmarks.chaos import chaos


def test_what_was_saved_survives_a_kill(tmp_path):
    acts = [acts for acts, _ in chaos(f"sqlite:///{tmp_path}/lab.db", kills=2, longest=2.0)]
    assert acts == sorted(acts) and acts[-1] > 0
