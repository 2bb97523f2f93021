"""Plain Keras loads the model, without this project, and gives the app's probabilities."""

import io
import subprocess
import sys
import zipfile

import numpy as np

from seq2seq import Translator, vectorize
from seq2seq.analysis.batched import encode_all, teacher_forced
from seq2seq.takeaway.keras_file import to_keras_file
from seq2seq.tensors import token_ids

ELSEWHERE = """
import importlib.util
import keras
import numpy as np

assert importlib.util.find_spec("seq2seq") is None
for name in ("trained", "notebook"):
    inputs = np.load(f"{name}.npz")
    model = keras.models.load_model(f"{name}.keras")
    np.save(f"{name}.npy", model.predict([inputs["encoder_inputs"], inputs["decoder_inputs"]], verbose=0))
"""


def test_plain_keras_gives_the_apps_probabilities(tmp_path, trained, notebook_trained):
    states = {"trained": trained, "notebook": notebook_trained}  # with markers and a mask, and without
    for name, state in states.items():
        (tmp_path / f"{name}.keras").write_bytes(to_keras_file(state))
        tensors = vectorize(state.lesson)
        np.savez(
            tmp_path / f"{name}.npz",
            encoder_inputs=tensors.encoder_inputs,
            decoder_inputs=tensors.decoder_inputs,
        )
    subprocess.run([sys.executable, "-I", "-c", ELSEWHERE], cwd=tmp_path, check=True, timeout=240)
    for name, state in states.items():
        translator = Translator(state)
        encoded = encode_all(translator, [pair.source for pair in state.lesson.pairs])
        ours = teacher_forced(translator, encoded, token_ids(state.lesson).decoder_inputs)
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), ours, atol=1e-6)


def test_the_same_model_gives_the_same_weights_to_the_byte(trained):
    """Not the same file: Keras writes the time, and numbers what it has made since it began."""
    one, other = (zipfile.ZipFile(io.BytesIO(to_keras_file(trained))) for _ in range(2))
    assert one.namelist() == other.namelist()
    assert one.read("model.weights.h5") == other.read("model.weights.h5")
