"""The alignments of a sentence: its attention weights, by the models of a run after each epoch that was kept."""

from collections.abc import Iterable, Sequence
from typing import Any

from pages.parts.drawing.tokens import em_width, source_labels, token_label
from pages.parts.state import TrainState
from seq2seq import TrainingState, Translator
from seq2seq.classroom.run import Run

MAX_TOKENS = 60  # of a source and of an output; more boxes beside each other cannot be told apart
_MAX_BEYOND = 2  # steps that are drawn beyond the longest target and its ⟨eos⟩
_MAX_LIVE = 3  # models that translate in one redraw while it trains, each some milliseconds


def rows_to_align(run: Run, sources: Sequence[str]) -> list[int]:
    """Returns which of some sources, from 0, are short enough to be drawn."""
    translator = Translator(run.state)
    return [row for row, source in enumerate(sources) if len(translator.source_ids(source)) <= MAX_TOKENS]


def alignment_by_epoch(run: Run, source: str, epochs: Iterable[int], page: TrainState) -> dict[str, Any]:
    """Returns what replay.js draws of a sentence: the tokens of the "source", and of each epoch "output" and "weights".

    Each model translates once, and models are told from each other by their steps; while the run trains, only a few
    are added at a time, the latest first.

    Args:
        run: has attention.
        source: of one of its pairs.
        epochs: after which the model was kept, and the latest, in their order.
        page: keeps what is known.
    """
    if page.alignments is None or page.alignments[0] != (run.id, source):
        page.alignments = (run.id, source), {}
    known, state = page.alignments[1], run.state
    kept = {epoch for epoch, _ in state.checkpoints} | {state.epoch}
    steps = {epoch: epoch * state.lesson.steps_per_epoch for epoch in epochs if epoch in kept}
    if state.epoch in steps:
        steps[state.epoch] = state.step  # which may be within the next epoch
    missing = [epoch for epoch in steps if steps[epoch] not in known]
    if run.is_active:
        missing = missing[-_MAX_LIVE:]
    for epoch in missing:
        known[steps[epoch]] = _alignment(state if epoch == state.epoch else state.at(epoch), source)
    return {
        "source": _words(source_labels(Translator(state), source)),
        "epochs": {epoch: known[step] for epoch, step in steps.items() if step in known},
    }


def _alignment(state: TrainingState, source: str) -> dict[str, list]:
    """Returns the "output" of a model, and the "weights" of each step over the source tokens, in per cent.

    A model of a training that went astray has none.
    """
    if not state.is_finite:
        return {"output": [], "weights": []}
    lesson = state.lesson
    targets = lesson.targets[source]
    longest = max(len(lesson.target_vocabulary.split(target)) for target in targets)
    most = min(longest + 1 + _MAX_BEYOND, MAX_TOKENS)
    steps = list(Translator(state).steps(source, lesson.prefix(targets[0]), max_new_tokens=most))
    weights = [(100 * step.attention.weights).round().astype(int).tolist() for step in steps]
    return {"output": _words([token_label(step.token) for step in steps]), "weights": weights}


def _words(tokens: Sequence[str]) -> list[dict]:
    return [{"token": token, "ems": em_width(token)} for token in tokens]
