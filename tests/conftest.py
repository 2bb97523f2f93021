"""What the tests share. Nothing here loads Keras before a test asks for it."""

import os

# Before NumPy and TensorFlow are loaded: one thread in an operation, as the app has it, so that sums are added in one
# order, and as a busy machine makes NumPy's two threads wait for each other, ten times as long as they work; one
# operation at a time, as two tests run side by side; and less talk.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState

# A busy machine is slow, not wrong: no test here fails by the clock.
settings.register_profile("seq2seq", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seq2seq")


BROWSER = "tests/browser/"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The longest first, while others run beside them."""
    for item in items:
        if item.nodeid.startswith(BROWSER):
            item.add_marker("browser")
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


class OneServer(LoadScopeScheduling):
    """Gives each process whole files; all browser tests go to one, where they share a server."""

    def _split_scope(self, nodeid):
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return OneServer(config, log)


def pytest_terminal_summary(terminalreporter):
    """Prints how long each part of the tests took, with its fixtures."""
    seconds = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if hasattr(report, "duration"):
            folders = report.nodeid.split("::")[0].split("/")[1:-1]
            seconds["/".join(["tests", *folders[:2]])] += report.duration
    terminalreporter.section("seconds by part")
    for part, took in seconds.most_common():
        terminalreporter.write_line(f"{took:6.0f}  {part}")


@pytest.fixture(scope="session")
def notebook_lesson():
    return Lesson.as_in_notebook(NOTEBOOK_PAIRS)


@pytest.fixture(scope="session")
def trained():
    """The default lesson, trained until it knows its five sentences."""
    from seq2seq.training import advance  # noqa: PLC0415

    return advance(TrainingState.new(Lesson(NOTEBOOK_PAIRS, training=TrainingConfig(seed=0))), epochs=150)


@pytest.fixture(scope="session")
def notebook_trained(notebook_lesson):
    """The notebook's lesson after 50 epochs."""
    from seq2seq.training import advance  # noqa: PLC0415

    return advance(TrainingState.new(notebook_lesson), epochs=50)


def notebook_tensors(pairs):
    """Builds the three tensors with the notebook's own lines, but for the sorted characters."""
    input_texts, target_texts = [source for source, _ in pairs], [target for _, target in pairs]
    input_token = {char: i for i, char in enumerate(sorted(set("".join(input_texts))))}
    target_token = {char: i for i, char in enumerate(sorted(set("".join(target_texts))))}
    source_length, target_length = max(map(len, input_texts)), max(map(len, target_texts))
    encoder_inputs = np.zeros((len(pairs), source_length, len(input_token)), "float32")
    decoder_inputs = np.zeros((len(pairs), target_length, len(target_token)), "float32")
    decoder_targets = np.zeros((len(pairs), target_length, len(target_token)), "float32")
    for i, (input_text, target_text) in enumerate(zip(input_texts, target_texts, strict=True)):
        for t, char in enumerate(input_text):
            encoder_inputs[i, t, input_token[char]] = 1.0
        for t, char in enumerate(target_text):
            decoder_inputs[i, t, target_token[char]] = 1.0
            if t > 0:
                decoder_targets[i, t - 1, target_token[char]] = 1.0
    return encoder_inputs, decoder_inputs, decoder_targets


@pytest.fixture(scope="session", name="notebook_tensors")
def notebook_tensors_fixture():
    return notebook_tensors
