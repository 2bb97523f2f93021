"""What the compared runs make of each sentence, side by side."""

from collections.abc import Mapping

import pandas as pd

from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import display_text
from pages.parts.state import TrainState
from pages.parts.texts import text
from seq2seq import TrainingState, Translator
from seq2seq.analysis.batched import translate_all
from seq2seq.analysis.metrics import spread_evenly
from seq2seq.classroom.run import Run

_TRANSLATED = 100  # sentences trained on, and as many held out, of a model of which no training process has told


def section(runs: Mapping[str, Run], page: TrainState) -> None:
    """Offers the outputs of some named runs, a column each, if there are several."""
    if len(runs) < 2 or (behind := table_behind("sentences", text("train.side_by_side"))) is None:
        return
    behind.dataframe(side_by_side(runs, page), hide_index=True)
    behind.caption(text("train.side_by_side_how"))


def side_by_side(runs: Mapping[str, Run], page: TrainState) -> pd.DataFrame:
    """Returns a row for each sentence that one of the runs knows, with a right translation, and ✓ or ✗ by each output.

    A run translates the sentences that it was not trained on as well: those of the others.
    """
    targets: dict[str, list[str]] = {}
    for run in runs.values():
        targets |= {source: run.state.lesson.targets[source] for source in outputs_of(run, page)}
    table = {text("pairs.source"): [], text("pairs.target"): []} | {name: [] for name in runs}
    said = {name: _of_all(run, page, targets) for name, run in runs.items()}
    for source, right in targets.items():
        row = [display_text(source), display_text(right[0])]
        row += [f"{'✓' if said[name][source] in right else '✗'} {display_text(said[name][source])}" for name in runs]
        for column, value in zip(table.values(), row, strict=True):
            column.append(value)
    return pd.DataFrame(table)


def _of_all(run: Run, page: TrainState, targets: Mapping[str, list[str]]) -> dict[str, str]:
    """Returns source → output of a run, also for sentences that others were trained on."""
    known, translator, lesson = outputs_of(run, page), Translator(run.state), run.state.lesson
    missing = {source: lesson.prefix(right[0]) for source, right in targets.items() if source not in known}
    # Without ⟨bos⟩ a run cannot begin with a token that was in none of its own targets.
    begun = {source: prefix for source, prefix in missing.items() if not lesson.target_vocabulary.unknown(prefix)}
    return (
        dict.fromkeys(missing, "") | known | {source: translator.translate(source, begun[source]) for source in begun}
    )


def outputs_of(run: Run, page: TrainState) -> dict[str, str]:
    """Returns source → output: as the training process told of the latest epoch, or else translated here."""
    state = run.state
    sides = {False, len(state.lesson.held_out_rows) > 0}
    told = [epoch for epoch, said in run.outputs.items() if _sides(state, said) == sides]
    if told and (run.is_active or (not state.batch and state.epoch in told)):
        return run.outputs[max(told)]
    if page.by_length.get(run.id, (None,))[0] != state.step:
        page.by_length[run.id] = state.step, _translated(state)
    return page.by_length[run.id][1]


def _sides(state: TrainingState, said: Mapping[str, str]) -> set[bool]:
    """Tells of some sources whether there are held-out ones among them, and others."""
    return {source in state.lesson.held_out_sources for source in said}


def _translated(state: TrainingState) -> dict[str, str]:
    lesson = state.lesson
    rows = [row for side in (lesson.training_rows, lesson.held_out_rows) for row in spread_evenly(side, _TRANSLATED)]
    pairs = {lesson.pairs[row].source: lesson.pairs[row] for row in rows}
    prefixes = [lesson.prefix(pair.target) for pair in pairs.values()]
    return dict(zip(pairs, translate_all(Translator(state), list(pairs), prefixes), strict=True))
