"""How good is a model? Its output when it is on its own, and its scores when the right tokens are fed to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein

from seq2seq.analysis.batched import encode_all, teacher_forced, translate_all
from seq2seq.decoding import Encoded, Translator
from seq2seq.limits import MAX_EVALUATED, MAX_EVALUATION_WORK
from seq2seq.state import TrainingState
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import PAD_ID


def nearest(output: str, targets: Sequence[str]) -> str:
    """Returns which of a source's targets comes nearest to an output."""
    return min(targets, key=lambda target: Levenshtein.distance(output, target))


def spread_evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """Returns at most so many of some rows, spread evenly."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(int)]


def evaluate(state: TrainingState) -> dict[str, float]:
    """Evaluates a model on its training sentences and, if there are any, on those held out, while somebody waits.

    Where that would take too long, it is done on a sample.

    Args:
        state: the model, its pairs and which of them are held out.

    Returns:
        See `figures`.
    """
    translator = Translator(state)
    most = sentences_at_once(translator)
    return figures([count_batch(translator, spread_evenly(rows, most))[0] for rows in _sides(state)])


def evaluate_further(state: TrainingState) -> tuple[tuple[dict[str, float], ...], dict[str, str]]:
    """Goes on with the evaluation that a state carries, by one batch of sentences; see `is_evaluated`.

    Returns:
        What has been counted by then, the state's next `evaluation`; and the outputs of this batch, source → output.
    """
    translator = Translator(state)
    counts, outputs = list(state.evaluation) or [{"sentences": 0, "right": 0} for _ in _sides(state)], {}
    for side, rows in enumerate(_sides(state)):
        if not _is_enough(counts[side], rows):
            batch = _next_rows(rows, counts[side]["sentences"], sentences_at_once(translator))
            more, outputs = count_batch(translator, batch)
            counts[side] = {name: counts[side].get(name, 0) + value for name, value in more.items()}
            break
    return tuple(counts), outputs


def is_evaluated(state: TrainingState) -> bool:
    """Whether nothing is left to evaluate of a state.

    A large lesson is judged by a sample. Only when the sample is all right are the others evaluated as well, until one
    is wrong, so that an exact match of 1 means every sentence.
    """
    return bool(state.evaluation) and all(map(_is_enough, state.evaluation, _sides(state)))


def figures(counts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Turns what was counted of the training sentences, and of those held out, into figures.

    Args:
        counts: sums of what `count_batch` returns, for one or both.

    Returns:
        "evaluated": how many sentences the other figures are of;
        "exact_match" and "cer": translating alone, each token feeding the next (free running). The share of sentences,
        0…1, that are right to the last character; and how many characters must be inserted, deleted or replaced, per
        character of the targets (CER; it can exceed 1 when too much is said);
        "masked_loss" and "masked_accuracy": with teacher forcing, per real token;
        "padded_loss" and "padded_accuracy": the same figures as the notebook computes them, over every time step of
        the tensors, rows of zeros included. The same seven with "held_out_" before them, if sentences are held out.
    """
    found = {}
    for prefix, sums in zip(("", "held_out_"), counts, strict=False):
        tokens = max(1, sums["tokens"])  # targets of one token, without markers, leave nothing to say
        found |= {
            f"{prefix}evaluated": sums["sentences"],
            f"{prefix}exact_match": sums["right"] / sums["sentences"],
            f"{prefix}cer": sums["edits"] / sums["characters"],
            f"{prefix}masked_loss": sums["loss"] / tokens,
            f"{prefix}masked_accuracy": sums["hits"] / tokens,
            f"{prefix}padded_loss": sums["loss"] / sums["time_steps"],
            f"{prefix}padded_accuracy": sums["padded_hits"] / sums["time_steps"],
        }
    return found


def latest_evaluated(history: Sequence[dict[str, float]]) -> dict[str, float] | None:
    """Returns the latest record with the figures of an evaluation."""
    return next((record for record in reversed(history) if "exact_match" in record), None)


def _sides(state: TrainingState) -> list[np.ndarray]:
    """Returns the rows of the training sentences and, if there are any, of those held out."""
    lesson = state.lesson
    return [rows for rows in (lesson.training_rows, lesson.held_out_rows) if len(rows)]


def _is_enough(counts: Mapping[str, float], rows: np.ndarray) -> bool:
    done, right = counts["sentences"], counts["right"]
    return done == len(rows) or (done >= MAX_EVALUATED and right < done)


def _next_rows(rows: np.ndarray, done: int, most: int) -> np.ndarray:
    """Returns which rows are evaluated after so many: those of a sample, spread evenly, and then the others."""
    sample = spread_evenly(rows, MAX_EVALUATED)
    if done < len(sample):
        return sample[done : done + most]
    others, done = np.setdiff1d(rows, sample), done - len(sample)
    return others[done : done + most]


def sentences_at_once(translator: Translator) -> int:
    """Returns how many sentences are evaluated together, so that nobody waits for them: 1 to `MAX_EVALUATED`.

    What they cost is counted in multiplications. Every gate, candidate and logit takes one for each unit, and its
    exponential as long as about 150. Weights are read for few sentences as for many: that costs as much as 16 more.
    """
    lesson, hidden = translator.lesson, translator.lesson.model.decoder_size
    decoder_steps = translator.max_new_tokens + lesson.target_length  # alone, and with teacher forcing
    numbers = lesson.source_length * 4 * hidden
    numbers += decoder_steps * (4 * hidden + len(lesson.target_vocabulary))
    return int(np.clip(MAX_EVALUATION_WORK // (numbers * (hidden + 150)) - 16, 1, MAX_EVALUATED))


def count_batch(translator: Translator, rows: np.ndarray) -> tuple[dict[str, float], dict[str, str]]:
    """Counts over some rows what the figures are made of; returns that, and source → output."""
    lesson = translator.lesson
    pairs = [lesson.pairs[row] for row in rows]
    encoded = encode_all(translator, [pair.source for pair in pairs])
    outputs = translate_all(translator, encoded, [lesson.prefix(pair.target) for pair in pairs])
    wanted = [nearest(text, lesson.targets[pair.source]) for text, pair in zip(outputs, pairs, strict=True)]
    edits = list(map(Levenshtein.distance, outputs, wanted))
    counts = {
        "sentences": len(rows),
        "right": edits.count(0),
        "edits": sum(edits),
        "characters": sum(map(len, wanted)),
    }
    # Of the same source the first pair counts: without markers the targets of the others begin with something else.
    said = {pair.source: output for pair, output in zip(reversed(pairs), reversed(outputs), strict=True)}
    return counts | _teacher_forced(translator, encoded, rows), said


def _teacher_forced(translator: Translator, encoded: Encoded, rows: np.ndarray) -> dict[str, float]:
    ids = token_ids(translator.lesson, rows)
    targets = ids.decoder_targets  # (pairs, time)
    probabilities = teacher_forced(translator, encoded, ids.decoder_inputs)
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
