"""How good is a model? What it says by itself, and what it scores with the right tokens fed to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from seq2seq.decoding import Context, Translator
from seq2seq.state import TrainingState
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID

MOST_EXAMINED = 100  # sentences; more would hold up the training, and say little more


def exact_match(said: Sequence[str], targets: Sequence[str]) -> float:
    """Returns the share of texts, 0…1, that are right to the last character."""
    return sum(a == b for a, b in zip(said, targets, strict=True)) / len(targets)


def character_error_rate(said: Sequence[str], targets: Sequence[str]) -> float:
    """Returns how many characters must be inserted, deleted or replaced, per character of the targets (CER).

    0 is perfect; it can exceed 1 when too much is said.
    """
    return sum(map(Levenshtein.distance, said, targets)) / sum(map(len, targets))


def examined_rows(rows: np.ndarray, most: int = MOST_EXAMINED) -> np.ndarray:
    """Returns at most so many of some rows, spread evenly."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def examine(state: TrainingState) -> dict[str, float]:
    """Examines a model on its training sentences and, if there are any, on those held out.

    Args:
        state: the model, its pairs and which of them are held out.

    Returns:
        "exact_match" and "cer": translating alone, each token feeding the next (free running);
        "masked_loss" and "masked_accuracy": with teacher forcing, per real token;
        "padded_loss" and "padded_accuracy": the same figures as the notebook computes them, over every time step of
        the tensors, rows of zeros included. The same six with "held_out_" before them, if sentences are held out.
    """
    figures = _figures(state, examined_rows(state.lesson.training_rows))
    if len(state.lesson.held_out_rows):
        held_out = _figures(state, examined_rows(state.lesson.held_out_rows))
        figures |= {f"held_out_{name}": value for name, value in held_out.items()}
    return figures


def _figures(state: TrainingState, rows: np.ndarray) -> dict[str, float]:
    lesson, translator = state.lesson, Translator(state)
    pairs = [lesson.pairs[row] for row in rows]
    contexts = translator.contexts([pair.source for pair in pairs])
    said = translator.translate_contexts(contexts, [lesson.prefix(pair.target) for pair in pairs])
    right = {}  # a source with several translations may be translated by any of them
    for pair in lesson.pairs:
        right.setdefault(pair.source, []).append(pair.target)
    targets = [
        min(right[pair.source], key=lambda target, text=text: Levenshtein.distance(text, target))
        for pair, text in zip(pairs, said, strict=True)
    ]
    return {
        "exact_match": exact_match(said, targets),
        "cer": character_error_rate(said, targets),
    } | _teacher_forced(translator, contexts, rows)


def _teacher_forced(translator: Translator, contexts: Context, rows: np.ndarray) -> dict[str, float]:
    ids = token_ids(translator.lesson, rows)
    targets = ids.decoder_targets  # (pairs, time)
    probabilities = translator.teacher_forced(contexts, ids.decoder_inputs)
    is_token = targets != PAD_ID
    # Keras finds "the right answer" of a zero row by argmax as well, and that is id 0.
    wanted = np.maximum(targets, 0)
    hits = np.argmax(probabilities, axis=-1) == wanted  # (pairs, time)
    scored = max(1, is_token.sum())  # targets of one token, without markers, leave nothing to say
    of_wanted = np.take_along_axis(probabilities, wanted[..., np.newaxis].astype(int), axis=-1)[..., 0]
    losses = -np.log(np.maximum(of_wanted, 1e-7)) * is_token  # a zero row has no loss; Keras clips at 1e-7 as well
    return {
        "masked_loss": float(losses.sum() / scored),
        "masked_accuracy": float((hits & is_token).sum() / scored),
        "padded_loss": float(losses.mean()),
        "padded_accuracy": float(hits.mean()),
    }
