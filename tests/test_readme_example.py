"""The Python of the README runs as it is written there."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What the README's Python leaves behind when it is typed in from top to bottom."""
    if not README.exists():
        pytest.skip(f"{README.name} is not written yet")
    fences = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)
    assert fences, "the README shows no Python"
    names = {"__name__": "readme"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("readme"))  # it needs no file, and leaves none here
        for fence in fences:
            exec(compile(fence, str(README), "exec"), names)
    return names


def test_the_shapes_it_names(names):
    assert [array.shape for array in names["tensors"]] == [(5, 18, 23), (5, 10, 24), (5, 10, 24)]


def test_the_parameters_it_names(names):
    assert names["build_model"](names["notebook"]).count_params() == 15256


def test_the_epochs_and_the_translation_it_names(names):
    assert names["state"].epoch == names["state"].history[-1]["epoch"] == 150
    assert {"epoch", "loss", "accuracy"} <= set(names["state"].history[-1])
    assert names["translator"].translate("Hello.") == "안녕하세요."


def test_the_step_it_shows(names):
    step = names["step"]
    assert step.token == "⟨eos⟩"
    assert step.state_h.shape == step.state_c.shape == (32,)
    assert np.shape(step.gates) == (4, 32)
    assert step.probabilities.shape == (26,)
