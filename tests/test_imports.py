"""What may import what, and what is loaded by whom."""

import ast
import json
import pkgutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import seq2seq

ROOT = Path(__file__).parents[1]
MODULES = ["seq2seq", *(module.name for module in pkgutil.walk_packages(seq2seq.__path__, "seq2seq."))]
SCRIPTS = ["streamlit_app.py", *sorted(f"pages/{file.name}" for file in (ROOT / "pages").glob("*.py"))]
PAGES = ("start", "pairs", "tensors", "model", "train", "translate", "share")


def may_load_keras(module):
    return module in ("seq2seq.model", "seq2seq.training", "seq2seq.classroom.worker") or is_in(
        "seq2seq.compiled", module
    )


def is_in(package, module):
    return module == package or module.startswith(f"{package}.")


@cache
def modules_of(folder):
    """Returns the name of each module in a folder with all that it imports."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): set(
            imported_by(ast.parse(file.read_text("utf-8")))
        )
        for file in files
    }


def imported_by(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def offences(folder, is_forbidden):
    """Returns which modules of a folder import something that they must not."""
    return [
        f"{module} imports {imported}"
        for module, imports in modules_of(folder).items()
        for imported in sorted(imports)
        if is_forbidden(module, imported)
    ]


def test_the_package_knows_nothing_of_the_pages():
    assert not offences("seq2seq", lambda module, imported: imported.split(".")[0] in ("streamlit", "altair", "pages"))


def test_the_core_needs_neither_the_classroom_nor_what_makes_it_fast():
    def is_forbidden(module, imported):
        if module.count(".") > 1 or (ROOT / module.replace(".", "/")).is_dir():
            return False  # it is in a folder below the core
        is_compiled = is_in("seq2seq.compiled", imported) and module != "seq2seq.training"
        return is_in("seq2seq.classroom", imported) or is_compiled

    assert not offences("seq2seq", is_forbidden)


def test_a_page_knows_no_other_page():
    """What two pages need is in a folder of neither."""

    def page_of(module):
        parts = module.split(".")
        if parts[0] != "pages":
            return None
        own = parts[2] if parts[1] == "parts" and len(parts) > 2 else parts[1].partition("_")[2]
        return own if own in PAGES else "shared"

    def is_forbidden(module, imported):
        return page_of(imported) in PAGES and page_of(imported) != page_of(module)

    assert not offences("pages", is_forbidden)


def test_keras_is_imported_by_few():
    def is_forbidden(module, imported):
        return imported.split(".")[0] in ("keras", "tensorflow") and not may_load_keras(module)

    assert not offences("seq2seq", is_forbidden)
    assert not offences("pages", lambda module, imported: is_forbidden(module, imported) or may_load_keras(imported))


# --- What is loaded in the end ---------------------------------------------------------------------------------------


def run(code, *arguments):
    """Returns what some code prints in a fresh process."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout


def test_neither_keras_nor_streamlit_is_loaded_but_by_those_that_train():
    code = """
import importlib, json, sys
heavy = lambda: [name for name in ("keras", "tensorflow", "streamlit", "altair") if name in sys.modules]
print(json.dumps({name: (importlib.import_module(name), heavy())[1] for name in sys.argv[1:]}))
"""
    light = [name for name in MODULES if not may_load_keras(name)]
    assert len(light) > 10
    assert json.loads(run(code, *light)) == {name: [] for name in light}


def imports_of(page):
    tree = ast.parse((ROOT / page).read_text("utf-8"))
    return "\n".join(ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


def test_the_start_page_waits_for_nothing_that_it_does_not_need():
    loaded = run(f"{imports_of('streamlit_app.py')}\nimport sys\nprint(*sys.modules)").split()
    assert "pages.parts.frame" in loaded
    assert not {"altair", "distributed", "pandas", "tensorflow"} & set(loaded)


def test_numpys_threads_are_decided_before_it_is_loaded():
    """Whichever page is the first that a server is asked for. Streamlit itself leaves NumPy to the pages."""
    code = """
import os, sys
import streamlit.web.cli, streamlit.web.bootstrap

class NumPyIsLoaded(BaseException):
    pass

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            raise NumPyIsLoaded

sys.meta_path.insert(0, Watch())
loaded = set(sys.modules)
for imports in sys.argv[1:]:
    os.environ.pop("OPENBLAS_NUM_THREADS", None)
    try:
        exec(imports)
    except NumPyIsLoaded:
        print(os.environ.get("OPENBLAS_NUM_THREADS"))
    for name in set(sys.modules) - loaded:
        del sys.modules[name]
"""
    assert run(code, *map(imports_of, SCRIPTS)).split() == ["1"] * len(SCRIPTS)
