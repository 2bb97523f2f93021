"""Pairs → ids → one-hot: the encoder's inputs, the decoder's inputs, and the targets of the decoder's outputs.

The ids are how the data is kept. The dense one-hot tensors exist to be shown: at 10,000 pairs they would take half a
gigabyte, the ids one or two megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seq2seq.lesson import Lesson
from seq2seq.limits import MAX_DENSE_BYTES
from seq2seq.vocabulary import PAD_ID


class Tensors(NamedTuple):
    """The three teacher-forcing tensors, as ids or one-hot.

    With markers the decoder's input is ⟨bos⟩+target and its target is target+⟨eos⟩. Without them, as in the notebook,
    its target is its input one step ahead, and its last step has none.
    """

    encoder_inputs: np.ndarray  # ids: (pairs, source time)   one-hot: (pairs, source time, source tokens)
    decoder_inputs: np.ndarray  # ids: (pairs, target time)   one-hot: (pairs, target time, target tokens)
    decoder_targets: np.ndarray  # the decoder's inputs, one step ahead


def token_ids(lesson: Lesson, rows: Sequence[int] | None = None) -> Tensors:
    """Returns the lesson's tensors as ids, each sentence padded on the right with `PAD_ID`.

    Args:
        lesson: the pairs.
        rows: which of them; None takes all.
    """
    source, target = lesson.source_vocabulary, lesson.target_vocabulary
    pairs = lesson.pairs if rows is None else [lesson.pairs[row] for row in rows]
    shape = (len(pairs), lesson.target_length)
    tensors = Tensors(
        np.full((len(pairs), lesson.source_length), PAD_ID, id_type(len(source))),
        np.full(shape, PAD_ID, id_type(len(target))),
        np.full(shape, PAD_ID, id_type(len(target))),
    )
    bos, eos = ([target.bos_id], [target.eos_id]) if lesson.model.markers else ([], [])
    for n, pair in enumerate(pairs):
        encoder_ids = source.encode(pair.source)
        decoder_ids = [*bos, *target.encode(pair.target)]
        target_ids = [*decoder_ids[1:], *eos]  # one step ahead
        tensors.encoder_inputs[n, : len(encoder_ids)] = encoder_ids
        tensors.decoder_inputs[n, : len(decoder_ids)] = decoder_ids
        tensors.decoder_targets[n, : len(target_ids)] = target_ids
    return tensors


def id_type(tokens: int) -> type:
    """Returns the smallest type that ids of so many tokens are kept in."""
    return np.int16 if tokens <= np.iinfo(np.int16).max else np.int32


def one_hot(ids: np.ndarray, tokens: int) -> np.ndarray:
    """Turns ids into rows with a single 1; padding becomes a row of zeros.

    Args:
        ids: any shape, of ids from 0 to tokens - 1, or `PAD_ID`.
        tokens: size of the vocabulary.

    Returns:
        (*ids.shape, tokens), float32.
    """
    return (ids[..., np.newaxis] == np.arange(tokens)).astype(np.float32)


def dense_shapes(lesson: Lesson) -> Tensors:
    """Returns the shapes, (pairs, time, tokens), of the three one-hot tensors."""
    decoder = (len(lesson.pairs), lesson.target_length, len(lesson.target_vocabulary))
    return Tensors((len(lesson.pairs), lesson.source_length, len(lesson.source_vocabulary)), decoder, decoder)


def dense_bytes(lesson: Lesson) -> int:
    """Returns the bytes that the three one-hot tensors of a lesson take: pairs × time × tokens × 4 each."""
    return sum(4 * int(np.prod(shape, dtype=np.int64)) for shape in dense_shapes(lesson))


def vectorize(lesson: Lesson) -> Tensors:
    """Returns the lesson's three tensors one-hot, the way the notebook builds them.

    Raises:
        ValueError: they would take more than `MAX_DENSE_BYTES`.
    """
    if (size := dense_bytes(lesson)) > MAX_DENSE_BYTES:
        raise ValueError(f"one-hot tensors of {size / 1e9:.1f} GB; at most {MAX_DENSE_BYTES / 1e9:.1f} GB are made")
    ids, shapes = token_ids(lesson), dense_shapes(lesson)
    return Tensors(*(one_hot(array, shape[-1]) for array, shape in zip(ids, shapes, strict=True)))
