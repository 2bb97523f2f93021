"""What the compared runs make of each sentence, side by side."""

from collections.abc import Mapping

import pandas as pd

from pages.parts.drawing.choosing import table_behind
from pages.parts.drawing.tokens import display_text
from pages.parts.state import TrainState
from pages.parts.texts import text
from seq2seq import TrainingState, Translator
from seq2seq.analysis.batched import translate_all
from seq2seq.analysis.lengths import sampled_outputs
from seq2seq.classroom.run import Run


def section(runs: Mapping[str, Run], page: TrainState) -> None:
    """Offers the outputs of some named runs, a column each, if there are several."""
    if len(runs) < 2 or (behind := table_behind("sentences", text("train.side_by_side"))) is None:
        return
    behind.dataframe(side_by_side(runs, page), hide_index=True)
    behind.caption(text("train.side_by_side_how"))


def side_by_side(runs: Mapping[str, Run], page: TrainState) -> pd.DataFrame:
    """Returns a row for each sentence that one of the runs knows, with a right translation, and ✓ or ✗ by each output.

    A run at rest translates the sentences of the others as well, which it was not trained on.
    """
    targets: dict[str, list[str]] = {}
    for run in runs.values():
        targets |= {source: run.state.lesson.targets[source] for source in outputs_of(run, page)}
    said = {name: outputs_of(run, page) | _of_others(run, page, targets) for name, run in runs.items()}
    rows = []
    for source, right in targets.items():
        outputs = [said[name].get(source) for name in runs]
        marked = ["" if out is None else f"{'✓' if out in right else '✗'} {display_text(out)}" for out in outputs]
        rows.append([display_text(source), display_text(right[0]), *marked])
    heads = [text("pairs.source"), text("pairs.target")]
    # A run may be called like one of the first columns, and no two columns may.
    return pd.DataFrame(rows, columns=[*heads, *(f"{name} " if name in heads else name for name in runs)])


def _of_others(run: Run, page: TrainState, targets: Mapping[str, list[str]]) -> dict[str, str]:
    """Returns source → output for sentences that a run at rest was not asked about before; each model once."""
    lesson, translator, known = run.state.lesson, Translator(run.state), outputs_of(run, page)
    # Without ⟨bos⟩ a run cannot begin with a token that was in none of its own targets.
    prefixes = {source: lesson.prefix(right[0]) for source, right in targets.items() if source not in known}
    missing = [source for source, prefix in prefixes.items() if not lesson.target_vocabulary.unknown(prefix)]
    if run.is_active or not missing:
        return {}
    key = f"{run.id} {sorted(missing)}"
    if page.outputs.get(key, (None,))[0] != run.state.step:
        outputs = translate_all(translator, missing, [prefixes[source] for source in missing])
        page.outputs[key] = run.state.step, dict(zip(missing, outputs, strict=True))
    return page.outputs[key][1]


def outputs_of(run: Run, page: TrainState) -> dict[str, str]:
    """Returns source → output: as the training process told, or, of a run at rest, translated here: each model once."""
    state = run.state
    sides = {False, len(state.lesson.held_out_rows) > 0}
    told = [epoch for epoch, said in run.outputs.items() if _sides(state, said) == sides]
    if run.is_active:
        return run.outputs[max(told)] if told else {}
    if not state.batch and state.epoch in told:
        return run.outputs[state.epoch]
    if page.outputs.get(run.id, (None,))[0] != state.step:
        page.outputs[run.id] = state.step, sampled_outputs(state)
    return page.outputs[run.id][1]


def _sides(state: TrainingState, said: Mapping[str, str]) -> set[bool]:
    """Tells of some sources whether there are held-out ones among them, and others."""
    return {source in state.lesson.held_out_sources for source in said}
