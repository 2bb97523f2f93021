"""Runs and their epochs as tables for a spreadsheet. Columns have their names in the code, in every language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from seq2seq.analysis.metrics import latest_evaluated
from seq2seq.data.tables import write_table
from seq2seq.state import TrainingState


def write_runs(runs: Mapping[str, TrainingState]) -> bytes:
    """Writes a row for each of some named runs as CSV: its settings, the figures of its last epoch, and of the last
    one that was evaluated.
    """
    return _csv(_row(name, state) for name, state in runs.items())


def write_epochs(runs: Mapping[str, TrainingState]) -> bytes:
    """Writes every epoch of some named runs as CSV, none left out."""
    return _csv({"run": name} | record for name, state in runs.items() for record in state.history)


def _row(name: str, state: TrainingState) -> dict[str, Any]:
    lesson, history = state.lesson, state.history
    settings = {"run": name, "pairs": len(lesson.pairs)} | asdict(lesson.model) | asdict(lesson.training)
    evaluated, last = latest_evaluated(history) or {}, history[-1] if history else {}
    return settings | {"evaluated_epoch": evaluated.get("epoch")} | evaluated | last | settings


def _csv(records: Iterable[Mapping[str, Any]]) -> bytes:
    """Writes records, of which some have more figures than others, as a table with headings."""
    records = list(records)
    columns = list(dict.fromkeys(key for record in records for key in record))
    return write_table([columns, *([record.get(column) for column in columns] for record in records)], "csv")
