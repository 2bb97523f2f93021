"""The encoder–decoder as an ordinary Keras model: what is shown, compared with and taken away."""

from __future__ import annotations

import keras

from seq2seq.lesson import Lesson
from seq2seq.state import TrainingState, weight_shapes


def build_model(lesson: Lesson) -> keras.Model:
    """Builds the training model of a lesson, layer by layer as in the notebook.

    Args:
        lesson: its vocabularies and `ModelConfig` decide the sizes.

    Returns:
        (batch, source time, source tokens), (batch, target time, target tokens) one-hot
        → (batch, target time, target tokens) probabilities; not compiled.
    """
    hidden, tokens = lesson.model.decoder_size, len(lesson.target_vocabulary)
    encoder_inputs = keras.Input((None, len(lesson.source_vocabulary)), name="encoder_inputs")
    masked_inputs = keras.layers.Masking(name="mask")(encoder_inputs) if lesson.model.mask_padding else encoder_inputs
    has_attention = lesson.model.attention == "dot"
    encoder = keras.layers.LSTM(
        lesson.model.hidden_size, return_sequences=has_attention, return_state=True, name="encoder"
    )
    if lesson.model.bidirectional:
        encoder = keras.layers.Bidirectional(encoder, name="bidirectional")  # all that both return is joined
    # Its output, all h for attention, (batch, source time, hidden), is else the last h again; (batch, units) each.
    encoder_h, *states = encoder(masked_inputs)
    if lesson.model.bidirectional:
        forward_h, forward_c, backward_h, backward_c = states
        pairs = {"state_h": [forward_h, backward_h], "state_c": [forward_c, backward_c]}
        states = [keras.layers.Concatenate(name=name)(pair) for name, pair in pairs.items()]  # (batch, hidden) each

    decoder_inputs = keras.Input((None, tokens), name="decoder_inputs")
    decoder = keras.layers.LSTM(hidden, return_sequences=True, return_state=True, name="decoder")
    all_h, _, _ = decoder(decoder_inputs, initial_state=states)  # (batch, target time, hidden)
    if has_attention:  # see `cell.attend`
        context = keras.layers.Attention(name="attention")([all_h, encoder_h])  # (batch, target time, hidden)
        joined = keras.layers.Concatenate(name="joined")([context, all_h])  # (batch, target time, 2 · hidden)
        all_h = keras.layers.Dense(hidden, activation="tanh", use_bias=False, name="attention_output")(joined)
    probabilities = keras.layers.Dense(tokens, activation="softmax", name="dense")(all_h)
    return keras.Model([encoder_inputs, decoder_inputs], probabilities, name="seq2seq")


def to_keras(state: TrainingState) -> keras.Model:
    """Returns the Keras model with a training's weights in it."""
    model = build_model(state.lesson)
    model.set_weights([state.weights[name] for name in weight_shapes(state.lesson)])
    return model
