"""From a trained model to a translation, one token at a time, in NumPy alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seq2seq.analysis import search
from seq2seq.analysis.search import BeamSearch, SampledStep, SearchStart
from seq2seq.cell import CellStep, Gates, cell_update, log_softmax, softmax
from seq2seq.data.pairs import normalise
from seq2seq.state import TrainingState
from seq2seq.vocabulary import PAD_ID


class Context(NamedTuple):
    """The context vector: the encoder's last states, all that the decoder learns of the source."""

    state_h: np.ndarray  # (hidden,)
    state_c: np.ndarray  # (hidden,)

    @classmethod
    def zeros(cls, *shape: int) -> Context:
        """Returns the context of nothing, which an encoder starts from."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


@dataclass(frozen=True)
class DecodingStep:
    """One turn of the decoding loop.

    Args:
        fed: the token that went in; None for the zero row that a model without ⟨bos⟩ starts from.
        token_id: the token that came out: the most probable one, or the one that was forced.
        token: the same as a text.
        probabilities: (target tokens,), of every token as the next one.
        state_h, state_c: (hidden,), the decoder's states after this step.
        gates: the gates i, f and o of the decoder's cell, and its candidate g.
        forced: the token was given by the caller, not picked from the probabilities.
        stop_reason: on the last step "eos" or "length"; before it None.
    """

    fed: str | None
    token_id: int
    token: str
    probabilities: np.ndarray
    state_h: np.ndarray
    state_c: np.ndarray
    gates: Gates
    forced: bool = False
    stop_reason: str | None = None


class _Start(NamedTuple):
    """How a translation begins."""

    fed_id: int  # the decoder's first input
    forced: list[int]  # its first outputs
    max_new_tokens: int  # after so many outputs it ends, if ⟨eos⟩ does not end it before


class Translator:
    """Translates with the weights of a training, in the process of whoever asks.

    A decoder step takes a tenth of a millisecond here; through `model.predict` it takes nearly a thousand times that.

    Args:
        state: any training, an untrained one included.
    """

    def __init__(self, state: TrainingState):
        self.lesson = state.lesson
        self.weights = state.weights
        # ⟨eos⟩ should come before this; a model that never puts it out must still end.
        self.max_new_tokens = (
            2 * self.lesson.target_length + 10 if self.lesson.model.markers else self.lesson.target_length
        )

    # --- The encoder -----------------------------------------------------------------------------------------------

    def unknown(self, text: str) -> list[str]:
        """Returns the tokens of a source text that the model never saw; the encoder does not get them."""
        return self.lesson.source_vocabulary.unknown(normalise(text))

    def source_ids(self, text: str) -> np.ndarray:
        """Returns the encoder's inputs for a text: (time,) ids.

        A token without an id is left out, as if it had not been typed. Where padding is not masked, zero rows
        follow up to the longest source, because that is what the model saw in training.
        """
        ids = self.lesson.source_vocabulary.encode(normalise(text), skip_unknown=True)
        if not self.lesson.model.mask_padding:
            ids = np.concatenate([ids, np.full(max(0, self.lesson.source_length - len(ids)), PAD_ID)])
        return ids

    def encode(self, text: str) -> Iterator[CellStep]:
        """Encodes a source text; yields the cell after each token. Its last states are the context vector."""
        state = Context.zeros(self.lesson.model.hidden_size)
        for token_id in self.source_ids(text):
            cell = self._cell("encoder", token_id, state)
            state = Context(cell.state_h, cell.state_c)
            yield cell

    def context(self, text: str) -> Context:
        """Returns the context vector of a source text; zeros if nothing in it is known."""
        context = Context.zeros(self.lesson.model.hidden_size)
        for cell in self.encode(text):
            context = Context(cell.state_h, cell.state_c)
        return context

    # --- The decoder -----------------------------------------------------------------------------------------------

    def steps(
        self,
        source: str | Context,
        prefix: str = "",
        forced: Mapping[int, int] | None = None,
        suppress_tokens: Collection[int] = (),
        max_new_tokens: int | None = None,
    ) -> Iterator[DecodingStep]:
        """Translates greedily: at each step the most probable token is picked and fed back.

        Everything after `source` asks "what if?"; without it the model is left alone. With every target token forced
        this is teacher forcing.

        Args:
            source: a source text, or the context vector to start from instead of a text's own.
            prefix: how the target begins; its tokens are forced. Without ⟨bos⟩ the decoder never learned how to
                begin: its training began with the first token, so the first one forced is fed at once; with none
                forced it starts from a zero row.
            forced: step, from 0 → id of the token that is put out there, whatever was most probable.
            suppress_tokens: ids that are never picked; they can still be forced.
            max_new_tokens: after how many tokens to end; None is the length limit of this lesson.

        Yields:
            One step per token; the last has a reason why it ended.

        Raises:
            UnknownTokenError: `prefix` has a token without an id.
        """
        vocabulary, start = self.lesson.target_vocabulary, self._start(prefix)
        forced = dict(enumerate(start.forced)) | dict(forced or {})
        fed, state = start.fed_id, source if isinstance(source, Context) else self.context(source)
        limit = start.max_new_tokens if max_new_tokens is None else max_new_tokens
        for n in range(limit):
            step = self.decoder_step(fed, state, suppress_tokens)
            if n in forced:
                step = replace(step, token_id=forced[n], token=vocabulary.tokens[forced[n]], forced=True)
            if step.token_id == vocabulary.eos_id:
                step = replace(step, stop_reason="eos")
            elif n == limit - 1:
                step = replace(step, stop_reason="length")
            yield step
            if step.stop_reason:
                return
            fed, state = step.token_id, Context(step.state_h, step.state_c)

    def decoder_step(self, fed_id: int, state: Context, suppress_tokens: Collection[int] = ()) -> DecodingStep:
        """Feeds one token to the decoder and picks the most probable next one.

        Args:
            fed_id: the token before, `PAD_ID` for a zero row.
            state: the decoder's states, or the context vector at the beginning.
            suppress_tokens: ids that are not picked, however probable.
        """
        tokens = self.lesson.target_vocabulary.tokens
        cell, logits = self._decode(fed_id, state)
        probabilities = softmax(logits)  # (target tokens,)
        allowed = probabilities.copy()
        allowed[list(suppress_tokens)] = -1  # less than any probability
        token_id = int(np.argmax(allowed))
        return DecodingStep(
            fed=None if fed_id == PAD_ID else tokens[fed_id],
            token_id=token_id,
            token=tokens[token_id],
            probabilities=probabilities,
            state_h=cell.state_h,
            state_c=cell.state_c,
            gates=cell.gates,
        )

    def translate(self, text: str, prefix: str = "") -> str:
        """Returns the greedy translation of a source text. See `steps`."""
        return self.text_of(list(self.steps(text, prefix)))

    def text_of(self, steps: list[DecodingStep]) -> str:
        """Returns the text of some steps; it begins with the token that was fed first, if that was no marker."""
        vocabulary, fed = self.lesson.target_vocabulary, steps[0].fed
        first = PAD_ID if fed is None else vocabulary.tokens.index(fed)
        return vocabulary.decode([first, *(step.token_id for step in steps)])

    def _start(self, prefix: str) -> _Start:
        ids = self.lesson.target_vocabulary.encode(normalise(prefix)).tolist()
        if self.lesson.model.markers:
            return _Start(self.lesson.target_vocabulary.bos_id, ids, self.max_new_tokens)
        if ids:  # the token that is fed first is a part of the translation
            return _Start(ids[0], ids[1:], max(1, self.max_new_tokens - 1))
        return _Start(PAD_ID, [], self.max_new_tokens)

    # --- Other ways to choose than greedy: see search.py -----------------------------------------------------------

    def beam_search(self, text: str, prefix: str = "", *, num_beams: int, length_penalty: float = 0.0) -> BeamSearch:
        """Looks for the best translation with several hypotheses at once; see `search.beam_search`, and `steps`."""
        return search.beam_search(self._search_start(text, prefix), num_beams, length_penalty)

    def sample(self, text: str, prefix: str = "", *, temperature: float = 1.0, seed: int = 0) -> Iterator[SampledStep]:
        """Translates by drawing each token by its probability; see `search.sample`, and `steps`."""
        return search.sample(self._search_start(text, prefix), temperature, seed)

    def _search_start(self, text: str, prefix: str) -> SearchStart:
        """Returns where a search begins: after the prefix."""
        (fed, forced, limit), state = self._start(prefix), self.context(text)
        for token_id in forced:
            cell, _ = self._decode(fed, state)
            fed, state = token_id, Context(cell.state_h, cell.state_c)
        limit = max(1, limit - len(forced))
        return SearchStart(self.next_tokens, fed, state, limit, self.lesson.target_vocabulary.eos_id)

    def next_tokens(self, fed_ids: Sequence[int], states: Sequence[Context]) -> tuple[np.ndarray, list[Context]]:
        """Feeds one token to each of several decoders: the step function of `search`.

        Args:
            fed_ids: a token for each decoder, `PAD_ID` for a zero row.
            states: each decoder's states, (hidden,).

        Returns:
            The log probabilities of every token as the next one, (decoders, target tokens), and the states after.
        """
        before = Context(*map(np.stack, zip(*states, strict=True)))  # (decoders, hidden) each
        cell, logits = self._decode(fed_ids, before)  # (decoders, target tokens)
        return log_softmax(logits.astype(float)), list(map(Context, cell.state_h, cell.state_c))

    # --- Many sentences at once: the same arithmetic with a batch axis ---------------------------------------------

    def contexts(self, texts: Sequence[str]) -> Context:
        """Returns the context vectors of many source texts: (texts, hidden) each, the same as `context` for each."""
        sentences = [self.source_ids(text) for text in texts]
        lengths = np.array([[len(sentence)] for sentence in sentences])  # (batch, 1)
        ids = np.full((len(sentences), lengths.max()), PAD_ID)  # (batch, time)
        for row, sentence in zip(ids, sentences, strict=True):
            row[: len(sentence)] = sentence
        state = Context.zeros(len(ids), self.lesson.model.hidden_size)
        for n, fed in enumerate(ids.T):  # (batch,)
            cell = self._cell("encoder", fed, state)
            # A shorter sentence keeps the states that it had at its end, as a mask does.
            after = np.where(n < lengths, (cell.state_h, cell.state_c), state)  # (2, batch, hidden)
            state = Context(*after)
        return state

    def translate_all(self, sources: Sequence[str] | Context, prefixes: Sequence[str] = ()) -> list[str]:
        """Translates many sentences greedily, all together: the same results as `translate` for each.

        Args:
            sources: source texts, or the context vectors to start from, (batch, hidden) each.
            prefixes: what to force at the beginning of each; all of as many tokens. () forces nothing.
        """
        vocabulary = self.lesson.target_vocabulary
        state = sources if isinstance(sources, Context) else self.contexts(sources)
        starts = [self._start(prefix) for prefix in prefixes or [""] * len(state.state_h)]
        fed = np.array([start.fed_id for start in starts])  # (batch,)
        forced = np.array([start.forced for start in starts])  # (batch, forced)
        outputs, ended = [fed], np.zeros(len(fed), bool)
        for n in range(starts[0].max_new_tokens):
            cell, logits = self._decode(fed, state)
            picked = forced[:, n] if n < forced.shape[1] else np.argmax(logits, axis=1)
            fed, state = np.where(ended, PAD_ID, picked), Context(cell.state_h, cell.state_c)
            outputs.append(fed)
            if vocabulary.eos_id is not None:
                ended |= picked == vocabulary.eos_id
            if ended.all():
                break
        return [vocabulary.decode(ids) for ids in np.stack(outputs, axis=1).tolist()]

    def teacher_forced(self, contexts: Context, decoder_inputs: np.ndarray) -> np.ndarray:
        """Returns the probabilities of every next token when the right tokens are fed, as in training.

        Args:
            contexts: of the sources, (batch, hidden) each.
            decoder_inputs: (batch, target time) ids.

        Returns:
            (batch, target time, target tokens).
        """
        state, all_logits = contexts, []
        for fed in decoder_inputs.T:  # (batch,)
            cell, logits = self._decode(fed, state)
            state = Context(cell.state_h, cell.state_c)
            all_logits.append(logits)
        return softmax(np.stack(all_logits, axis=1))

    # --- One step, of one sentence or of many ----------------------------------------------------------------------

    def _decode(self, fed_ids: int | Sequence[int], state: Context) -> tuple[CellStep, np.ndarray]:
        """Feeds a token to the decoder; returns its cell and the logits of the next token: (…, target tokens)."""
        cell = self._cell("decoder", fed_ids, state)
        return cell, cell.state_h @ self.weights["dense_kernel"] + self.weights["dense_bias"]

    def _cell(self, side: str, ids: int | Sequence[int], state: Context) -> CellStep:
        """Takes the step of `lstm_step`. One-hot times kernel is the kernel's row of the token, so that is picked."""
        kernel, recurrent, bias = (self.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias"))
        ids = np.asarray(ids)
        rows = np.where((ids == PAD_ID)[..., np.newaxis], np.float32(0), kernel[ids])  # (…, 4 · hidden)
        return cell_update(rows + state.state_h @ recurrent + bias, state.state_c)
