"""What does the model still know of each source token? Leave one out, and see how the output changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seq2seq.analysis.batched import encode_ids, teacher_forced
from seq2seq.decoding import DecodingStep, Translator
from seq2seq.vocabulary import PAD_ID


def occlusion(translator: Translator, text: str, steps: Sequence[DecodingStep]) -> np.ndarray:
    """Leaves out one source token after the other, and lets the decoder write the same tokens again.

    Source of the idea: occlusion, Zeiler and Fergus 2014, section 4.2; there of parts of a picture.

    Args:
        translator: of the model.
        text: the source.
        steps: of a translation of it; the same tokens are fed again.

    Returns:
        (steps, source tokens): how far the probabilities of the next token move, as the total variation distance,
        from 0, where the token makes no difference at all, to 1, where all probability goes elsewhere.
    """
    ids, vocabulary = translator.source_ids(text), translator.lesson.target_vocabulary
    places = np.flatnonzero(ids != PAD_ID)  # (source tokens,)
    # Where padding is read, a zero row follows instead, for the model expects as many time steps as ever.
    after = [] if translator.lesson.model.mask_padding else [PAD_ID]
    sentences = [np.append(np.delete(ids, place), after).astype(int) for place in places]
    if not sentences:
        return np.empty((len(steps), 0))
    fed = [PAD_ID if step.fed is None else vocabulary.tokens.index(step.fed) for step in steps]
    probabilities = teacher_forced(translator, encode_ids(translator, sentences), np.tile(fed, (len(sentences), 1)))
    plain = np.stack([step.probabilities for step in steps])  # (steps, target tokens)
    return np.abs(probabilities - plain).sum(axis=-1).T / 2
