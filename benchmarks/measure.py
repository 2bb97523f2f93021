"""Measuring side by side: each side in a process of its own, taking turns, so that a busy moment hits both."""

from __future__ import annotations

import importlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).parents[1]


class Turn(NamedTuple):
    """One measured call."""

    seconds: float
    result: Any


class Side:
    """One side of a comparison, ready in a process of its own. Use it as a context manager.

    Args:
        name: a class of this package, as "file:Class". Making one makes it ready and warm; its methods are measured.
        like: "worker", with the threads and the warm-up of the app's training processes; "user", as Python starts, but
            with the workers' low priority, so that a busy machine treats both alike; "app", as Python starts.
        settings: arguments of the class.

    Raises:
        ChildProcessError: it could not be made.
    """

    def __init__(self, name: str, *, like: str = "user", **settings):
        environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"}
        if like == "worker":
            environment |= {"OPENBLAS_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "1"}  # as seq2seq.classroom.cluster
        self._name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, `__exit__` closes it; TensorFlow has much to say
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.measure", name, like, json.dumps(settings)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answer()

    def call(self, method: str, **arguments) -> Turn:
        """Calls a method over there and returns how long it took there, and its result."""
        print(json.dumps([method, arguments]), file=self._process.stdin, flush=True)
        return Turn(*self._answer())

    def _answer(self) -> Any:
        if line := self._process.stdout.readline():
            return json.loads(line)
        status = self._process.wait()
        self._errors.seek(0)
        raise ChildProcessError(f"{self._name} ended with exit status {status}:\n{self._errors.read()[-2000:]}")

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def take_turns(rounds: int, *calls: Callable[[], Turn]) -> list[list[Turn]]:
    """Calls one after the other, round after round; returns the turns of each."""
    return list(zip(*[[call() for call in calls] for _ in range(rounds)], strict=True))


def seconds(turns: list[Turn]) -> float:
    """Returns how long a turn takes: the median of some."""
    return median(turn.seconds for turn in turns)


# --- The table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        what: what was measured.
        against: what it is compared with; "–" for what stands alone.
        ours, theirs: the two figures; without theirs ours alone counts.
        wanted: how many times ours must go into theirs; without theirs, how large ours may be.
        unit: "s", "B" or "%".
        holds: whether both sides did the same work with the same result.
        note: how it was measured.
    """

    what: str
    against: str
    ours: float
    theirs: float | None
    wanted: float
    unit: str = "s"
    holds: bool = True
    note: str = ""

    HEAD = "| what | against | ours | theirs | ratio | wanted | reached |\n|---|---|--:|--:|--:|--:|---|"

    @property
    def is_reached(self) -> bool:
        good = self.ours <= self.wanted if self.theirs is None else self.theirs / self.ours >= self.wanted
        return good and self.holds

    def __str__(self) -> str:
        cells = [self.what, self.against, amount(self.ours, self.unit)]
        if self.theirs is None:
            cells += ["–", "–", f"≤ {amount(self.wanted, self.unit)}"]
        else:
            ratio = self.theirs / self.ours
            cells += [amount(self.theirs, self.unit), f"{ratio:,.{1 if ratio < 100 else 0}f} ×", f"{self.wanted:g} ×"]
        return "| " + " | ".join([*cells, "yes" if self.is_reached else "**no**"]) + " |"


def amount(value: float, unit: str) -> str:
    """Writes a figure in three digits with its unit: 0.00531 s is 5.31 ms."""
    prefixes = {-2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G"}
    least, most = {"s": (-2, 0), "B": (0, 3), "%": (0, 0)}[unit]
    value = float(f"{value:.3g}")
    power = min(max(math.floor(math.log10(value) / 3), least), most) if value else 0
    scaled = value / 1000**power
    digits = len(str(int(scaled))) if scaled else 3
    return f"{scaled:.{max(0, 3 - digits)}f} {prefixes[power]}{unit}"


def machine() -> str:
    """Describes this machine and what runs on it, in one line."""
    versions = [f"Python {platform.python_version()}"]
    for package in ("tensorflow", "keras", "numpy", "torch", "streamlit"):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    memory = psutil.virtual_memory().total / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}; {', '.join(versions)}"


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    lines = cpu_info.read_text().splitlines() if cpu_info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


# --- In the process of a side ----------------------------------------------------------------------------------------


def _serve(name: str, like: str, settings: dict) -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print does not belong between the answers
    if like == "worker":
        from seq2seq.classroom.worker import dask_setup  # noqa: PLC0415, other sides must not load TensorFlow

        dask_setup(None)
    elif like == "user":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 10)
    file, class_name = name.split(":")
    side = getattr(importlib.import_module(f"benchmarks.{file}"), class_name)(**settings)
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        method, arguments = json.loads(line)
        began = time.perf_counter()
        result = getattr(side, method)(**arguments)
        print(json.dumps([time.perf_counter() - began, result]), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
