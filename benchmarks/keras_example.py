"""The recipe of Keras's character-level example, in our words: what students will compare with.

Source: https://keras.io/examples/nlp/lstm_seq2seq/. Padding with spaces that are read and scored like text, RMSprop,
and a call of `predict` for every character of a translation are the example's; its share of pairs kept for validation
is left out, so that both sides train on the same pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from seq2seq.data.pairs import Pair

START, END = "\t", "\n"


class KerasExample:
    """The example's tensors, its training model and the two models it translates with.

    Args:
        pairs: to train on.
        hidden_size: units; the example has 256.
    """

    def __init__(self, pairs: Sequence[Pair], hidden_size: int):
        sources, targets = [pair.source for pair in pairs], [START + pair.target + END for pair in pairs]
        self.source_ids = {character: n for n, character in enumerate(sorted(set().union(*sources)))}
        self.target_ids = {character: n for n, character in enumerate(sorted(set().union(*targets)))}
        self.target_length = max(map(len, targets))
        self.targets = [pair.target for pair in pairs]
        self.encoder_inputs = _padded_one_hot(sources, self.source_ids, max(map(len, sources)))
        self.decoder_inputs = _padded_one_hot(targets, self.target_ids, self.target_length)
        self.decoder_targets = _padded_one_hot([text[1:] for text in targets], self.target_ids, self.target_length)
        self._build(hidden_size)

    def _build(self, hidden_size: int) -> None:
        encoder_inputs = keras.Input((None, len(self.source_ids)))
        _, *context = keras.layers.LSTM(hidden_size, return_state=True)(encoder_inputs)
        decoder_inputs = keras.Input((None, len(self.target_ids)))
        decoder = keras.layers.LSTM(hidden_size, return_sequences=True, return_state=True)
        dense = keras.layers.Dense(len(self.target_ids), activation="softmax")
        all_h, _, _ = decoder(decoder_inputs, initial_state=context)
        self.model = keras.Model([encoder_inputs, decoder_inputs], dense(all_h))
        self.model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])

        self.encoder_model = keras.Model(encoder_inputs, context)
        states = [keras.Input((hidden_size,)), keras.Input((hidden_size,))]
        all_h, *states_after = decoder(decoder_inputs, initial_state=states)
        self.decoder_model = keras.Model([decoder_inputs, *states], [dense(all_h), *states_after])

    @property
    def inputs(self) -> list[np.ndarray]:
        return [self.encoder_inputs, self.decoder_inputs]

    def translate(self, row: int) -> str:
        """Translates the source of a pair as the example does it, one `predict` for every character."""
        characters, output, token_id = list(self.target_ids), "", self.target_ids[START]
        states = self.encoder_model.predict(self.encoder_inputs[row : row + 1], verbose=0)
        while not output.endswith(END) and len(output) <= self.target_length:
            probabilities, *states = self.decoder_model.predict([self.one_hot(token_id), *states], verbose=0)
            token_id = int(np.argmax(probabilities[0, -1]))
            output += characters[token_id]
        return output.removesuffix(END)

    def one_hot(self, token_id: int) -> np.ndarray:
        row = np.zeros((1, 1, len(self.target_ids)))
        row[0, 0, token_id] = 1
        return row


def _padded_one_hot(texts: Sequence[str], ids: dict[str, int], length: int) -> np.ndarray:
    """Returns (texts, length, characters) float32; what is left of each row of time is filled with spaces."""
    tensor = np.zeros((len(texts), length, len(ids)), np.float32)
    for n, text in enumerate(texts):
        for t, character in enumerate(text.ljust(length)):
            tensor[n, t, ids[character]] = 1
    return tensor
