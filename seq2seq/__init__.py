"""The LSTM encoder–decoder, from sentence pairs to a translation.

Read the files in the order of the story: vocabulary, lesson, tensors, cell, model, state, training, decoding. `model`
and `training` load Keras, the others NumPy alone. `limits` has the limits in one place.

Below them is what can be read later: `data` (pairs and files of them), `analysis` (beam search, metrics, checkpoints,
context vectors), `compiled` (how a training is made fast) and `classroom` (what serves a class).
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
