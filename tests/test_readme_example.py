"""The Python of the README runs as it is written there."""

import re
from pathlib import Path

import nbformat
import numpy as np

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_says_what_its_python_gives(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # it needs no file, and leaves none here
    names = {"__name__": "readme"}
    for fence in re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), flags=re.M | re.S):
        exec(compile(fence, str(README), "exec"), names)

    assert [array.shape for array in names["tensors"]] == [(5, 18, 23), (5, 10, 24), (5, 10, 24)]
    assert names["build_model"](names["notebook"]).count_params() == 15256
    assert names["state"].epoch == names["state"].history[-1]["epoch"] == 150
    assert {"epoch", "loss", "accuracy"} <= set(names["state"].history[-1])
    assert names["translator"].translate("Hello.") == "안녕하세요."
    step = names["step"]
    assert step.token == "⟨eos⟩"
    assert step.state_h.shape == step.state_c.shape == (32,)
    assert np.shape(step.gates) == (4, 32)
    assert step.probabilities.shape == (26,)
    assert names["book"] == nbformat.read("seq2seq.ipynb", as_version=4)
