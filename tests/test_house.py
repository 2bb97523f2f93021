"""How large things may become before they are taken apart, and who writes what a page keeps."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "seq2seq").glob("*.py"))
PACKAGE = sorted((ROOT / "seq2seq").rglob("*.py"))
PAGES = [ROOT / "streamlit_app.py", *sorted((ROOT / "pages").glob("*.py"))]
APP = [*PACKAGE, *PAGES, *sorted((ROOT / "pages" / "parts").rglob("*.py"))]


def assert_none(offenders):
    assert not offenders, "\n" + "\n".join(f"{name}: {value}" for name, value in offenders.items())


def name_of(file):
    return str(file.relative_to(ROOT))


def lines_of(file):
    return len(file.read_text("utf-8").splitlines())


@cache
def nodes_of(file):
    return list(ast.walk(ast.parse(file.read_text("utf-8"))))


def functions_of(files):
    for file in files:
        for node in nodes_of(file):
            if isinstance(node, ast.FunctionDef):
                yield f"{name_of(file)}: {node.name}", node


def test_the_core_can_be_read_in_an_evening():
    assert sum(map(lines_of, CORE)) <= 1300


def test_a_file_has_one_job_and_a_page_is_thin():
    assert_none({name_of(file): size for file in APP if (size := file.stat().st_size) > 16_000})
    assert_none({name_of(file): lines for file in PAGES if (lines := lines_of(file)) > 150})


def test_a_function_fits_on_a_screen():
    for files, limit in ((CORE, 50), (PACKAGE, 60)):
        lines = ((name, node.end_lineno - node.lineno + 1) for name, node in functions_of(files))
        assert_none({name: count for name, count in lines if count > limit})


def test_what_belongs_together_is_handed_over_together():
    """A function takes eight arguments at most, or some of them are one thing that has a name."""
    arguments = ((name, node.args) for name, node in functions_of(APP))
    counts = ((name, len([*args.posonlyargs, *args.args, *args.kwonlyargs])) for name, args in arguments)
    assert_none({name: count for name, count in counts if count > 8})


def test_what_a_page_keeps_is_written_in_one_file():
    """A name in Streamlit's session state that two files write has two truths."""
    files_of = {}
    for file in APP:
        for node in nodes_of(file):
            for name in written_by(node):
                files_of.setdefault(name, set()).add(name_of(file))
    assert files_of
    assert_none({name: sorted(files) for name, files in files_of.items() if len(files) > 1})


def written_by(node):
    """Yields the names in the session state that some code writes, itself or through a widget."""
    is_stored = isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)
    names = []
    if isinstance(node, ast.Subscript) and is_stored and is_session_state(node.value):
        names = [node.slice]
    elif isinstance(node, ast.Call):
        names = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "setdefault"):
            names += node.args[:1] if is_session_state(node.func.value) else []
    elif isinstance(node, ast.Attribute) and is_stored and is_session_state(node.value):
        yield node.attr
    yield from (name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str))


def is_session_state(node):
    return isinstance(node, ast.Attribute) and node.attr == "session_state"
