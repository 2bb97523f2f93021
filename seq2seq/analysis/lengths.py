"""How good is a model by the length of what it translates? Where one vector has to hold a whole sentence, long ones go
wrong first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from seq2seq.analysis.batched import translate_all
from seq2seq.analysis.metrics import nearest, sentences_at_once, spread_evenly
from seq2seq.decoding import Translator
from seq2seq.lesson import Lesson
from seq2seq.state import TrainingState

MAX_GROUPS = 12  # of lengths; where there are more, neighbours are put together


class OfLength(NamedTuple):
    """What came of the sentences of some lengths."""

    is_held_out: bool
    least: int  # tokens of the source
    most: int
    sentences: int
    exact_match: float  # the share that is right to the last character, 0…1
    cer: float  # characters to be inserted, deleted or replaced, per character of the targets


def by_length(lesson: Lesson, outputs: Mapping[str, str]) -> list[OfLength]:
    """Returns the figures of each group of lengths, first of the sentences trained on, then of those held out.

    Args:
        lesson: that the sentences are of.
        outputs: source → what a model made of it, of some of its sentences or all.
    """
    split = lesson.source_vocabulary.split
    lengths = {source: len(split(source)) for source in outputs}
    width = -(-max(lengths.values(), default=1) // MAX_GROUPS)
    groups: dict[tuple[bool, int], list[str]] = {}
    for source, length in lengths.items():
        groups.setdefault((source in lesson.held_out_sources, (length - 1) // width), []).append(source)
    found = []
    for (is_held_out, group), sources in sorted(groups.items()):
        targets = [nearest(outputs[source], lesson.targets[source]) for source in sources]
        edits = [Levenshtein.distance(outputs[source], target) for source, target in zip(sources, targets, strict=True)]
        figures = edits.count(0) / len(sources), sum(edits) / sum(map(len, targets))
        found.append(OfLength(is_held_out, group * width + 1, (group + 1) * width, len(sources), *figures))
    return found


def sampled_outputs(state: TrainingState) -> dict[str, str]:
    """Translates sentences of each side, those trained on and those held out, so many that nobody waits for them.

    Returns:
        Source → output.
    """
    lesson, translator = state.lesson, Translator(state)
    most = sentences_at_once(translator)
    rows = [row for side in (lesson.training_rows, lesson.held_out_rows) for row in spread_evenly(side, most)]
    sources = list(dict.fromkeys(lesson.pairs[row].source for row in rows))
    prefixes = [lesson.prefix(lesson.targets[source][0]) for source in sources]
    return dict(zip(sources, translate_all(translator, sources, prefixes), strict=True))
