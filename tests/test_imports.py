"""Only a few modules may load Keras; none of the package loads Streamlit."""

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import seq2seq

ROOT = Path(__file__).parents[1]
LOADS_KERAS = {
    "seq2seq.model",
    "seq2seq.compiled.lstm",
    "seq2seq.compiled.epochs",
    "seq2seq.training",
    "seq2seq.classroom.worker",
}
MODULES = ["seq2seq", *(module.name for module in pkgutil.walk_packages(seq2seq.__path__, "seq2seq."))]

CODE = """
import importlib, json, sys
heavy = lambda: [name for name in ("keras", "tensorflow", "streamlit") if name in sys.modules]
print(json.dumps({name: (importlib.import_module(name), heavy())[1] for name in sys.argv[1:]}))
"""


def loaded_by(*modules):
    """Imports some modules one after another in a fresh process; returns what heavy is loaded after each."""
    run = subprocess.run(
        [sys.executable, "-c", CODE, *modules], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return json.loads(run.stdout.splitlines()[-1])


def test_the_package_alone_loads_neither_keras_nor_streamlit():
    assert loaded_by("seq2seq") == {"seq2seq": []}


def test_nor_does_any_module_but_those_that_train():
    light = [name for name in MODULES if name not in LOADS_KERAS]
    assert len(light) > 10
    assert loaded_by(*light) == {name: [] for name in light}


def test_no_module_at_all_loads_streamlit():
    files = list((ROOT / "seq2seq").rglob("*.py"))
    assert len(files) >= len(MODULES)
    for file in files:
        imported = {name for node in ast.walk(ast.parse(file.read_text("utf-8"))) for name in imported_by(node)}
        assert not [name for name in imported if name.split(".")[0] in ("streamlit", "pages")], file
        if "keras" in imported or "tensorflow" in imported:
            assert ".".join(file.relative_to(ROOT).with_suffix("").parts) in LOADS_KERAS


def imported_by(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []


def test_every_public_name_is_there():
    for name in seq2seq.__all__:
        assert getattr(seq2seq, name) is not None


def test_the_door_waits_for_nothing_that_it_does_not_need():
    code = "import sys, pages.parts.frame, pages.parts.questions.card; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert not {"altair", "distributed", "pandas", "tensorflow"} & set(run.stdout.split())


def test_the_pages_decide_on_numpys_threads_before_it_is_loaded():
    code = "import os, sys, streamlit, pages.parts; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS'])"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.split() == ["False", "1"]
