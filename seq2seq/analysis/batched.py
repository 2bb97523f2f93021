"""Many sentences or hypotheses at once: what `decoding.Translator` does to one, with a batch axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from seq2seq.analysis.search import SearchStart
from seq2seq.cell import Memory, softmax
from seq2seq.decoding import Context, Encoded, Translator
from seq2seq.vocabulary import PAD_ID


def encode_all(translator: Translator, texts: Sequence[str]) -> Encoded:
    """Encodes many source texts: the same as `Translator.encoded` for each, with the texts as the first axis."""
    return encode_ids(translator, [translator.source_ids(text) for text in texts])


def encode_ids(translator: Translator, sentences: Sequence[np.ndarray]) -> Encoded:
    """Encodes many sentences, each given by its (time,) ids; see `encode_all`."""
    model, lengths = translator.lesson.model, np.array([[len(sentence)] for sentence in sentences])  # (batch, 1)
    ids = np.full((len(sentences), max(1, lengths.max())), PAD_ID)  # (batch, time)
    for row, sentence in zip(ids, sentences, strict=True):
        row[: len(sentence)] = sentence
    context, all_h = _read(translator, "encoder", ids, lengths)
    if model.bidirectional:
        backward, backward_h = _read(translator, "encoder_backward", turned(ids, lengths), lengths)
        context = Context(*(np.concatenate(states, axis=-1) for states in zip(context, backward, strict=True)))
    if model.attention == "none":
        return Encoded(context)
    all_h = np.stack(all_h, axis=1)  # (batch, time, hidden)
    if model.bidirectional:
        all_h = np.concatenate([all_h, turned(np.stack(backward_h, axis=1), lengths)], axis=-1)
    return Encoded(context, Memory(all_h, np.arange(ids.shape[1]) < lengths))


def _read(translator: Translator, side: str, ids: np.ndarray, lengths: np.ndarray) -> tuple[Context, list]:
    """Runs an LSTM of the encoder: each sentence's last states, and after each step its h, (batch, hidden)."""
    state, all_h = Context.zeros(len(ids), translator.lesson.model.hidden_size), []
    for n, fed in enumerate(ids.T):  # (batch,)
        cell = translator.cell(side, fed, state)
        # A shorter sentence keeps the states that it had at its end, as a mask does.
        state = Context(*np.where(n < lengths, (cell.state_h, cell.state_c), state))  # (batch, hidden) each
        all_h.append(state.state_h)
    return state, all_h


def turned(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Turns each sentence round, as the second LSTM of a bidirectional encoder reads it; done twice, it is as before.

    Args:
        values: (batch, time, …), of every token. Padding stays at the end.
        lengths: (batch, 1), tokens of each sentence.
    """
    places = np.arange(values.shape[1])
    order = np.where(places < lengths, lengths - 1 - places, places)  # (batch, time)
    return np.take_along_axis(values, order.reshape(order.shape + (1,) * (values.ndim - 2)), axis=1)


def translate_all(translator: Translator, sources: Sequence[str] | Encoded, prefixes: Sequence[str] = ()) -> list[str]:
    """Translates many sentences greedily: the same results as `Translator.translate` for each.

    Args:
        translator: of the model.
        sources: source texts, or what `encode_all` returns for them.
        prefixes: what to force at the beginning of each; all of as many tokens. () forces nothing.
    """
    vocabulary = translator.lesson.target_vocabulary
    state, memory = sources if isinstance(sources, Encoded) else encode_all(translator, sources)
    starts = [translator.start(prefix) for prefix in prefixes or [""] * len(state.state_h)]
    fed = np.array([start.fed_id for start in starts])  # (batch,)
    forced = np.array([start.forced for start in starts])  # (batch, forced)
    outputs, ended = [fed], np.zeros(len(fed), bool)
    for n in range(starts[0].max_new_tokens):
        cell, logits, _ = translator.decode(fed, state, memory)
        picked = forced[:, n] if n < forced.shape[1] else np.argmax(logits, axis=1)
        fed, state = np.where(ended, PAD_ID, picked), Context(cell.state_h, cell.state_c)
        outputs.append(fed)
        if vocabulary.eos_id is not None:
            ended |= picked == vocabulary.eos_id
        if ended.all():
            break
    return [vocabulary.decode(ids) for ids in np.stack(outputs, axis=1).tolist()]


def teacher_forced(translator: Translator, sources: Encoded, decoder_inputs: np.ndarray) -> np.ndarray:
    """Returns the probabilities of every next token when the right tokens are fed, as in training.

    Args:
        translator: of the model.
        sources: what `encode_all` returns for them.
        decoder_inputs: (batch, target time) ids.

    Returns:
        (batch, target time, target tokens).
    """
    (state, memory), all_logits = sources, []
    for fed in decoder_inputs.T:  # (batch,)
        cell, logits, _ = translator.decode(fed, state, memory)
        state = Context(cell.state_h, cell.state_c)
        all_logits.append(logits)
    return softmax(np.stack(all_logits, axis=1))


# --- Many hypotheses of one sentence ---------------------------------------------------------------------------------


def search_start(translator: Translator, text: str, prefix: str = "") -> SearchStart:
    """Returns where a search begins for a source text: after the prefix. See `Translator.steps`."""
    (fed, forced, limit), (state, memory) = translator.start(prefix), translator.encoded(text)
    for token_id in forced:
        cell, *_ = translator.decode(fed, state, memory)
        fed, state = token_id, Context(cell.state_h, cell.state_c)
    limit = max(1, limit - len(forced))
    step = partial(next_tokens, translator, memory)
    return SearchStart(step, fed, state, limit, translator.lesson.target_vocabulary.eos_id)


def next_tokens(
    translator: Translator, memory: Memory | None, fed_ids: Sequence[int], states: Sequence[Context]
) -> tuple[np.ndarray, list[Context]]:
    """Feeds one token to each of several decoders of the same sentence: the step function of `search`.

    Args:
        translator: of the model.
        memory: what attention looks at.
        fed_ids: a token for each decoder, `PAD_ID` for a zero row.
        states: each decoder's states, (hidden,).

    Returns:
        The log probabilities of every token as the next one, (decoders, target tokens), and the states after.
    """
    before = Context(*map(np.stack, zip(*states, strict=True)))  # (decoders, hidden) each
    cell, logits, _ = translator.decode(fed_ids, before, memory)  # (decoders, target tokens)
    return log_softmax(logits.astype(float)), list(map(Context, cell.state_h, cell.state_c))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the logarithms of `softmax`: they can be added up where a product of probabilities would reach 0."""
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
