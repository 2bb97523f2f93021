"""From a trained model to a translation, one token at a time, in NumPy alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seq2seq.cell import Attention, CellStep, Gates, Memory, attend, cell_update, joined, softmax
from seq2seq.data.pairs import normalise
from seq2seq.state import TrainingState
from seq2seq.vocabulary import PAD_ID


class Context(NamedTuple):
    """The context vector: the encoder's last states, all that a decoder without attention learns of the source."""

    state_h: np.ndarray  # (hidden,)
    state_c: np.ndarray  # (hidden,)

    @classmethod
    def zeros(cls, *shape: int) -> Context:
        """Returns the context of nothing, which an encoder starts from."""
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32))


class Encoded(NamedTuple):
    """What the encoder hands to the decoder."""

    context: Context
    memory: Memory | None = None  # what attention looks at; without attention, or to see nothing, None


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
        attention: where it looked, of a model with attention.
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
    attention: Attention | None = None
    forced: bool = False
    stop_reason: str | None = None


class Output(NamedTuple):
    """What the decoder makes of one token, or of one for each of many sentences."""

    cell: CellStep
    logits: np.ndarray  # (…, target tokens), of the next token
    attention: Attention | None


class Start(NamedTuple):
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
        """Encodes a source text; yields the cell after each step. Its last states are the context vector.

        A bidirectional encoder reads from both ends at once: of each step the cells of both LSTMs are joined.
        """
        ids, model = self.source_ids(text), self.lesson.model
        orders = {"encoder": ids} | ({"encoder_backward": ids[::-1]} if model.bidirectional else {})
        states = dict.fromkeys(orders, Context.zeros(model.hidden_size))
        for n in range(len(ids)):
            cells = {side: self.cell(side, order[n], states[side]) for side, order in orders.items()}
            states = {side: Context(cell.state_h, cell.state_c) for side, cell in cells.items()}
            yield joined(list(cells.values()))

    def context(self, text: str) -> Context:
        """Returns the context vector of a source text; zeros if nothing in it is known."""
        return self.encoded(text).context

    def encoded(self, text: str) -> Encoded:
        """Returns all that the decoder gets of a source text."""
        cells = list(self.encode(text))
        if not cells:
            return Encoded(Context.zeros(self.lesson.model.decoder_size))
        context = Context(cells[-1].state_h, cells[-1].state_c)
        if self.lesson.model.attention == "none":
            return Encoded(context)
        all_h, hidden = np.stack([cell.state_h for cell in cells]), self.lesson.model.hidden_size
        all_h[:, hidden:] = all_h[::-1, hidden:]  # what the second LSTM read last is the first token
        return Encoded(context, Memory(all_h, np.ones(len(cells), bool)))

    # --- The decoder -----------------------------------------------------------------------------------------------

    def steps(
        self,
        source: str | Encoded,
        prefix: str = "",
        forced: Mapping[int, int] | None = None,
        suppress_tokens: Collection[int] = (),
        max_new_tokens: int | None = None,
    ) -> Iterator[DecodingStep]:
        """Translates greedily: at each step the most probable token is picked and fed back.

        Everything after `source` asks "what if?"; without it the model is left alone. With every target token forced
        this is teacher forcing.

        Args:
            source: a source text, or what the decoder gets instead of what is encoded of one.
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
        vocabulary, start = self.lesson.target_vocabulary, self.start(prefix)
        forced = dict(enumerate(start.forced)) | dict(forced or {})
        state, memory = source if isinstance(source, Encoded) else self.encoded(source)
        fed = start.fed_id
        limit = start.max_new_tokens if max_new_tokens is None else max_new_tokens
        for n in range(limit):
            step = self.decoder_step(fed, state, memory, suppress_tokens)
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

    def decoder_step(
        self, fed_id: int, state: Context, memory: Memory | None = None, suppress_tokens: Collection[int] = ()
    ) -> DecodingStep:
        """Feeds one token to the decoder and picks the most probable next one.

        Args:
            fed_id: the token before, `PAD_ID` for a zero row.
            state: the decoder's states, or the context vector at the beginning.
            memory: what attention looks at.
            suppress_tokens: ids that are not picked, however probable.
        """
        tokens = self.lesson.target_vocabulary.tokens
        cell, logits, attention = self.decode(fed_id, state, memory)
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
            attention=attention,
        )

    def translate(self, text: str, prefix: str = "") -> str:
        """Returns the greedy translation of a source text. See `steps`."""
        return self.text_of(list(self.steps(text, prefix)))

    def text_of(self, steps: list[DecodingStep]) -> str:
        """Returns the text of some steps; it begins with the token that was fed first, if that was no marker."""
        vocabulary, fed = self.lesson.target_vocabulary, steps[0].fed
        first = PAD_ID if fed is None else vocabulary.tokens.index(fed)
        return vocabulary.decode([first, *(step.token_id for step in steps)])

    def start(self, prefix: str) -> Start:
        """Returns how a translation begins whose first tokens are given; see `steps`."""
        ids = self.lesson.target_vocabulary.encode(normalise(prefix)).tolist()
        if self.lesson.model.markers:
            return Start(self.lesson.target_vocabulary.bos_id, ids, self.max_new_tokens)
        if ids:  # the token that is fed first is a part of the translation
            return Start(ids[0], ids[1:], max(1, self.max_new_tokens - 1))
        return Start(PAD_ID, [], self.max_new_tokens)

    # --- One step, of one sentence or of many ----------------------------------------------------------------------

    def decode(self, fed_ids: int | Sequence[int], state: Context, memory: Memory | None) -> Output:
        """Feeds a token to the decoder, or one for each of many sentences; see `decoder_step`."""
        cell = self.cell("decoder", fed_ids, state)
        output, attention = cell.state_h, None  # (…, hidden)
        if self.lesson.model.attention != "none":
            attention = attend(cell.state_h, memory, self.weights["attention_kernel"])
            output = attention.output
        return Output(cell, output @ self.weights["dense_kernel"] + self.weights["dense_bias"], attention)

    def cell(self, side: str, ids: int | Sequence[int], state: Context) -> CellStep:
        """Takes the step of `lstm_step`. One-hot times kernel is the kernel's row of the token, so that is picked."""
        kernel, recurrent, bias = (self.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias"))
        ids = np.asarray(ids)
        rows = np.where((ids == PAD_ID)[..., np.newaxis], np.float32(0), kernel[ids])  # (…, 4 · hidden)
        return cell_update(rows + state.state_h @ recurrent + bias, state.state_c)
