"""The LSTM encoder–decoder, from sentence pairs to a translation.

Read the files in the order of the story: pairs, tokens, vocabulary, config, tensors, weights, cell, decoding; then
model, lstm and training, which alone load Keras.
"""

from seq2seq.data.files import read_pairs
from seq2seq.data.pairs import NOTEBOOK_PAIRS, Pair
from seq2seq.decoding import DecodingStep, Translator
from seq2seq.lesson import Lesson, ModelConfig, TrainingConfig
from seq2seq.state import TrainingState
from seq2seq.tensors import vectorize

__all__ = [
    "NOTEBOOK_PAIRS",
    "DecodingStep",
    "Lesson",
    "ModelConfig",
    "Pair",
    "TrainingConfig",
    "TrainingState",
    "Translator",
    "read_pairs",
    "vectorize",
]
