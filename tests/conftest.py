"""What the tests share. Nothing here loads Keras before a test asks for it."""

import os
import shutil
import tempfile

# What pages keep while they are tested goes away with the tests: see `pytest_unconfigure`.
os.environ["SEQ2SEQ_DATABASE_URL"] = f"sqlite:///{tempfile.mkdtemp(prefix='seq2seq-lab-')}/lab.db"
# Before NumPy and TensorFlow are loaded: one thread in an operation, as the app has it, so that sums are added in one
# order, and as a busy machine makes NumPy's two threads wait for each other, ten times as long as they work; one
# operation at a time, as two tests run side by side; and less talk.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # its allocator counts, for test_memory.py

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingConfig, TrainingState

# A busy machine is slow, not wrong: no test here fails by the clock.
settings.register_profile("seq2seq", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seq2seq")


BROWSER = "tests/browser/"


def pytest_unconfigure():
    shutil.rmtree(os.path.dirname(os.environ["SEQ2SEQ_DATABASE_URL"].removeprefix("sqlite:///")), ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The longest first, while others run beside them; of these the last file first, which needs no training yet."""
    browser = [item for item in items if item.nodeid.startswith(BROWSER)]
    for item in browser:
        item.add_marker("browser")
    items[:] = [*reversed(browser), *(item for item in items if item not in browser)]


class OneServer(LoadScopeScheduling):
    """Gives each process whole files; all browser tests that need the app go to one, where they share a server."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return BROWSER if file.startswith(BROWSER) and "alone" not in file else file


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
