"""How good is a model? What it says by itself, and what it scores with the right tokens fed to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from seq2seq.decoding import Context, Translator
from seq2seq.limits import MAX_EVALUATED
from seq2seq.state import TrainingState
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID


def nearest(said: str, targets: Sequence[str]) -> str:
    """Returns which of a source's targets comes nearest to what was said."""
    return min(targets, key=lambda target: Levenshtein.distance(said, target))


def spread_evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """Returns at most so many of some rows, spread evenly."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def evaluate(state: TrainingState) -> dict[str, float]:
    """Examines a model on its training sentences and, if there are any, on those held out.

    A large lesson is judged by a sample. Only when the sample is all right are the others evaluated as well, until one
    is wrong, so that an exact match of 1 means every sentence.

    Args:
        state: the model, its pairs and which of them are held out.

    Returns:
        "evaluated": how many sentences the other figures are of;
        "exact_match" and "cer": translating alone, each token feeding the next (free running). The share of sentences,
        0…1, that are right to the last character; and how many characters must be inserted, deleted or replaced, per
        character of the targets (CER; it can exceed 1 when too much is said);
        "masked_loss" and "masked_accuracy": with teacher forcing, per real token;
        "padded_loss" and "padded_accuracy": the same figures as the notebook computes them, over every time step of
        the tensors, rows of zeros included. The same seven with "held_out_" before them, if sentences are held out.
    """
    figures = evaluate_rows(state, state.lesson.training_rows)
    if len(state.lesson.held_out_rows):
        held_out = evaluate_rows(state, state.lesson.held_out_rows)
        figures |= {f"held_out_{name}": value for name, value in held_out.items()}
    return figures


def evaluate_rows(state: TrainingState, rows: np.ndarray) -> dict[str, float]:
    translator, targets = Translator(state), state.lesson.targets
    sums = Counter()
    for some in _samples(rows):
        sums.update(count_batch(translator, some, targets))
        if sums["right"] < sums["sentences"]:
            break
    tokens = max(1, sums["tokens"])  # targets of one token, without markers, leave nothing to say
    return {
        "evaluated": sums["sentences"],
        "exact_match": sums["right"] / sums["sentences"],
        "cer": sums["edits"] / sums["characters"],
        "masked_loss": sums["loss"] / tokens,
        "masked_accuracy": sums["hits"] / tokens,
        "padded_loss": sums["loss"] / sums["time_steps"],
        "padded_accuracy": sums["padded_hits"] / sums["time_steps"],
    }


def _samples(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yields some rows, spread evenly, and then the others, as many at once."""
    first = spread_evenly(rows, MAX_EVALUATED)
    yield first
    others = np.setdiff1d(rows, first)
    for start in range(0, len(others), MAX_EVALUATED):
        yield others[start : start + MAX_EVALUATED]


def count_batch(translator: Translator, rows: np.ndarray, targets: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Counts over some rows what the figures are made of."""
    lesson = translator.lesson
    pairs = [lesson.pairs[row] for row in rows]
    contexts = translator.contexts([pair.source for pair in pairs])
    said = translator.translate_all(contexts, [lesson.prefix(pair.target) for pair in pairs])
    wanted = [nearest(text, targets[pair.source]) for text, pair in zip(said, pairs, strict=True)]
    edits = list(map(Levenshtein.distance, said, wanted))
    return {
        "sentences": len(rows),
        "right": edits.count(0),
        "edits": sum(edits),
        "characters": sum(map(len, wanted)),
    } | _teacher_forced(translator, contexts, rows)


def _teacher_forced(translator: Translator, contexts: Context, rows: np.ndarray) -> dict[str, float]:
    ids = token_ids(translator.lesson, rows)
    targets = ids.decoder_targets  # (pairs, time)
    probabilities = translator.teacher_forced(contexts, ids.decoder_inputs)
    is_token = targets != PAD_ID
    # Keras finds "the right answer" of a zero row by argmax as well, and that is id 0.
    wanted = np.maximum(targets, 0)
    hits = np.argmax(probabilities, axis=-1) == wanted  # (pairs, time)
    of_wanted = np.take_along_axis(probabilities, wanted[..., np.newaxis].astype(int), axis=-1)[..., 0]
    losses = -np.log(np.maximum(of_wanted, 1e-7)) * is_token  # a zero row has no loss; Keras clips at 1e-7 as well
    return {
        "time_steps": targets.size,
        "tokens": int(is_token.sum()),
        "loss": float(losses.sum()),
        "hits": int((hits & is_token).sum()),
        "padded_hits": int(hits.sum()),
    }
