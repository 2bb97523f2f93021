"""What the model outputs for some sentences of its lesson, token by token beside what would have been right."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pages.parts.drawing.tokens import token_label
from pages.parts.state import TrainState
from seq2seq import Lesson, TrainingState, Translator
from seq2seq.analysis.batched import translate_all
from seq2seq.analysis.metrics import nearest
from seq2seq.classroom.run import Run

_MAX_TRANSLATED = 8  # sentences at once; translating them must not hold up the picture while it trains
_MAX_LIVE = 2  # earlier models that are translated with in one redraw while it trains, each in 3 to 8 ms
_MAX_TOKENS = 40_000  # of all translations together; of a lesson with long sentences fewer epochs are shown
_MARKS = {"equal": "", "replace": "≠", "delete": "+", "insert": "−"}  # by the kind of an edit, of rapidfuzz


class Column(NamedTuple):
    """What was output at one place, and what would have been right there; "" where there is nothing."""

    output: str
    right: str
    mark: str  # "" if they are the same, "≠" if not, "+" if nothing belongs there, "−" if something is missing


class Line(NamedTuple):
    """A translation, and beside it the nearest that would have been right."""

    output: str
    target: str
    columns: list[Column]  # read without the empty places, the upper row is the output and the lower one the target


def pages_of_sentences(lesson: Lesson) -> list[list[str]]:
    """Returns the sources, so many at once, each time spread over the lesson; first those held out."""
    held_out = lesson.held_out_sources
    sources = sorted(lesson.targets, key=lambda source: source not in held_out)
    pages = -(-len(sources) // _MAX_TRANSLATED)
    return [sources[page::pages] for page in range(pages)]


def lines_by_epoch(run: Run, sources: Sequence[str], page: TrainState) -> dict[int, list[Line]]:
    """Returns what the models of a run that were kept say for some sources: epoch → a line for each, the latest last.

    What the training process told is taken over: while a class trains, nobody has to translate here, and the latest
    epoch that was evaluated is the last. Other models translate once, and are told from each other by their steps;
    while the run trains, only a few earlier ones are added at a time, so that a redraw takes no longer.
    """
    key = (run.id, *sources)
    if page.lines is None or page.lines[0] != key:
        page.lines = key, {}
    known, state = page.lines[1], run.state
    steps = {epoch: epoch * state.lesson.steps_per_epoch for epoch in _shown_epochs(state)}
    steps |= {state.epoch: state.step}  # which may be within the next epoch
    for step in set(steps.values()) - known.keys():
        outputs = run.outputs.get(step / state.lesson.steps_per_epoch, {})
        if outputs.keys() >= set(sources):
            known[step] = _lines(state.lesson, sources, [outputs[source] for source in sources])
    missing = [epoch for epoch in steps if steps[epoch] not in known]
    if run.is_active:
        earlier = [epoch for epoch in missing if epoch != state.epoch]
        is_told = run.outputs and not known.keys().isdisjoint(steps.values())
        missing = {*earlier[:_MAX_LIVE], *([] if is_told else missing[-1:])}
    for epoch in missing:
        known[steps[epoch]] = _translated(state if epoch == state.epoch else state.at(epoch), sources)
    return {epoch: known[step] for epoch, step in steps.items() if step in known}


def _translated(state: TrainingState, sources: Sequence[str]) -> list[Line]:
    lesson = state.lesson
    prefixes = [lesson.prefix(lesson.targets[source][0]) for source in sources]
    return _lines(lesson, sources, translate_all(Translator(state), sources, prefixes))


def _lines(lesson: Lesson, sources: Sequence[str], outputs: Sequence[str]) -> list[Line]:
    targets, split = lesson.targets, lesson.target_vocabulary.split
    return [compared(output, targets[source], split) for source, output in zip(sources, outputs, strict=True)]


def _shown_epochs(state: TrainingState) -> list[int]:
    """Returns the epochs that were kept but for the latest; of very long sentences only some, evenly."""
    epochs = [epoch for epoch, _ in state.checkpoints if epoch < state.epoch]
    most = max(1, _MAX_TOKENS // (_MAX_TRANSLATED * Translator(state).max_new_tokens))
    return epochs[:: -(-len(epochs) // most) or 1]


def compared(output: str, targets: Sequence[str], split: Callable[[str], list[str]]) -> Line:
    """Compares an output with the nearest of its targets, token by token, by the fewest edits (Levenshtein)."""
    target = nearest(output, targets)
    tokens, right = split(output), split(target)
    columns = []
    for kind, *ends in Levenshtein.opcodes(tokens, right):
        above, below = tokens[ends[0] : ends[1]], right[ends[2] : ends[3]]
        for pair in zip_longest(above, below, fillvalue=""):
            columns.append(Column(*map(token_label, pair), _MARKS[kind]))
    return Line(output, target, columns)
