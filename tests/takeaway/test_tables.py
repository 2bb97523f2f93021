"""Runs and epochs as files for a spreadsheet."""

import csv
import io
from dataclasses import replace

from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState
from seq2seq.takeaway.tables import write_epochs, write_runs


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_epochs_and_runs_hold_every_figure(trained):
    untrained = TrainingState.new(Lesson(NOTEBOOK_PAIRS))
    within = replace(trained, history=trained.history[:-1])
    runs = {"=1+1": trained, "나의 실험": untrained, "2.": within}
    epochs = rows_of(write_epochs(runs))
    assert [row["run"] for row in epochs] == ["'=1+1"] * len(trained.history) + ["2."] * len(within.history)
    for row, record in zip(epochs, (*trained.history, *within.history), strict=True):
        assert {key: float(row[key]) for key in row if key != "run" and row[key]} == record
    first, second, third = rows_of(write_runs(runs))
    assert (second["run"], second["hidden_size"], second["epoch"], second["loss"]) == ("나의 실험", "32", "", "")
    for row, history in ((first, trained.history), (third, within.history)):
        evaluated = [record for record in history if "exact_match" in record][-1]
        assert (float(row["loss"]), int(row["epoch"])) == (history[-1]["loss"], len(history))
        assert (float(row["cer"]), int(row["evaluated_epoch"])) == (evaluated["cer"], evaluated["epoch"])
    assert write_runs({}) == write_epochs({}) == "\ufeff\r\n".encode()
