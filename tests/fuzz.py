"""Texts that nobody should trust, as files of pairs, links, addresses and lesson files: `python -m tests.fuzz 100000`.

Each must be read, or refused in words; quickly, and in little memory. What is read must be text that can be shown and
written. Bytes are mutated, so that Python's own parsers are reached; for the values, tests/ has Hypothesis.
"""

import faulthandler
import json
import random
import sys
import time
import tracemalloc
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from functools import cache
from types import SimpleNamespace
from urllib.parse import urlencode

from pages.parts.door import address
from pages.parts.drawing.tokens import display_text
from pages.parts.state import FrameState
from pages.parts.workspace import handing_on
from pages.parts.workspace.handing_on import OPEN, SHARED, copy_of
from seq2seq import NOTEBOOK_PAIRS
from seq2seq.data.checks import check_pairs
from seq2seq.data.files import PairsFileError, understand
from seq2seq.data.tables import write_table
from seq2seq.takeaway import link
from seq2seq.takeaway.document import DamagedError
from seq2seq.takeaway.link import SharedLesson, read_link, write_link
from tests.data.workbook import zipped
from tests.takeaway import fuzz

MOST_SECONDS, MOST_BYTES, HANGING_SECONDS = 1.0, 50e6, 60
PIECES = (
    *("a", "가", "\u1100\u1161", "😀", "e\u0301", " ", "\u3000", "\u00a0", "?", "0", "-1", "1e999", "null", "true"),
    *(
        "\t",
        ",",
        ";",
        "|",
        "\n",
        "\r\n",
        "\r",
        "\x85",
        "\u2028",
        "\x0c",
        "\x1c",
        "\x00",
        "\x1b[31m",
        "\ufeff",
        "\ufffe",
    ),
    *("\u202e", "\u2066", "\u200f", "\u200b", "\u200d", "\u00ad", "\ud83d", "\udc00", "\U000e0041", "\U0010ffff"),
    *("'", '"', '""', "'=", "=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0", "%", "&"),
    *("<img src=x onerror=alert(1)>", "<script>", "</style>", "&amp;", "&#x202e;", "&#0;", "![](http://x/y.png)"),
    *("[a](javascript:alert(1))", "$x^2$", "`", ":material/home:", ":red[a]", "**", "{{7*7}}", "{name}", "${a}"),
    *("datum.x", "datum['a.b\\\\c']", "toString", "__proto__", "constructor", "format(datum, '')", "[0]", "\\", "/"),
    *(
        "../../etc/passwd",
        "C:\\con",
        "#separator:tab",
        "#html:true",
        "#columns:a\tb",
        "sep=;",
        "\x1f\x8b",
        "PK\x05\x06",
    ),
    *("a" * 3000, "\u0301" * 300, "=" * 200, '"' * 199, "&" * 100, "<" * 300),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp949", "utf-32")


def a_text(rng, most=12):
    return "".join(rng.choices(PIECES, k=rng.randrange(most)))


def assert_clean(texts):
    """Asserts that texts can be shown and written: no half characters, no NUL."""
    for some in texts:
        some.encode()
        assert "\0" not in some
        display_text(some)


# --- One case of each kind; returns what became of it ----------------------------------------------------------------


def a_pair_file(rng):
    delimiter = rng.choice("\t,;|")
    rows = [
        delimiter.join(a_text(rng, 5) for _ in range(rng.choice([1, 2, 2, 2, 3, 5]))) for _ in range(rng.randrange(8))
    ]
    content = rng.choice(["\n", "\r\n"]).join(rows).encode(rng.choice(ENCODINGS), "replace")
    if rng.random() < 0.5 and content:
        content = fuzz.mutated_bytes(rng, content)
    pairs, problems = understood(content)
    assert_clean(part for pair in pairs for part in pair)
    assert all(str(problem) for problem in problems)
    return "read" if pairs else "refused"


def understood(content):
    """Returns the pairs of a file and what is wrong with it."""
    try:
        found = understand(content)
    except PairsFileError as error:
        return error.pairs, error.problems
    return found.pairs, found.problems


def some_cells(rng):
    rows = [(a_text(rng), a_text(rng)) for _ in range(rng.randrange(6))]
    checked = check_pairs(rows)
    assert_clean(part for pair in checked.usable for part in pair)
    assert all(str(problem) for problem in checked.problems)
    write_table([("a", "b"), *checked.usable], "csv")
    return "read" if checked.usable else "refused"


@cache
def a_link():
    return write_link(SharedLesson(tuple(map(tuple, NOTEBOOK_PAIRS[:2])), hidden=("replay",)))


def mutated_link(rng):
    if rng.random() < 0.2:
        return "".join(rng.choice(PIECES) if rng.random() < 0.02 else letter for letter in a_link())
    packed = urlsafe_b64decode(a_link()[1:] + "=" * (-len(a_link()[1:]) % 4))
    if rng.random() < 0.2:
        packed = fuzz.mutated_bytes(rng, packed)
    else:
        document = json.loads(zlib.decompressobj(zdict=link._COMMON).decompress(packed))
        if rng.random() < 0.5:
            document["rows"] = [[a_text(rng), a_text(rng)] for _ in range(rng.randrange(5))]
        else:
            holder, key = rng.choice(list(fuzz._places(document)))
            holder[key] = rng.choice([*fuzz.VALUES, a_text(rng)])
        content = json.dumps(document).encode()
        if rng.random() < 0.2:
            content = fuzz.mutated_bytes(rng, content)
        packing = zlib.compressobj(zdict=link._COMMON)
        packed = packing.compress(content) + packing.flush()
    return f"{rng.choice('1111111290')}{urlsafe_b64encode(packed).decode().rstrip('=')}"


def a_shared_link(rng):
    try:
        session = copy_of(read_link(mutated_link(rng)))
    except DamagedError as error:
        assert str(error) and error.problem.kind
        return "refused"
    assert_clean(part for pair in session.lesson.pairs for part in pair) if session.lesson else None
    return "read"


def an_address(rng):
    names = [address.ID, OPEN, SHARED, "questions", "large", "shortcuts", "section", a_text(rng, 3)]
    given = {name: rng.choice([a_text(rng), "on", "off", mutated_link(rng)]) for name in rng.sample(names, 3)}
    if rng.random() < 0.2:
        given[address.ID] = f"me?{urlencode({'large': a_text(rng)}, errors='replace')}"
    with_address(given)
    session = address._opened()
    assert session.id and len(session.id) <= 64 and session.is_large in (True, False)
    return "read"


class _Parameters(dict):
    to_dict = dict.copy


PATCHED = ((address, "st"), (address, "remembered"), (address, "shared_sessions"), (handing_on, "shared_sessions"))


def with_address(given):
    """Has pages think that an address has these parameters, and that the database is empty."""
    nothing = SimpleNamespace(find=lambda id: None, handed_on=lambda id: None)
    address.st = SimpleNamespace(query_params=_Parameters(given))
    address.remembered = lambda _: FrameState()
    address.shared_sessions = handing_on.shared_sessions = lambda: nothing


def a_lesson_file(rng):
    return "refused" if fuzz.kind_of(rng.choice(fuzz.MUTATIONS)(rng, fuzz.a_file())) else "read"


KINDS = {a_pair_file: 40, some_cells: 20, a_shared_link: 20, an_address: 15, a_lesson_file: 5}  # shares, in percent

# --- Archives that pose as files of pairs ----------------------------------------------------------------------------

ARCHIVES = {
    "65,535 members": lambda: fuzz.many_members(65_535),
    "as many members as an upload may have": lambda: fuzz.many_members(150_000),
    "a gigabyte of zeros": lambda: fuzz.deflate_bomb(1000 * 2**20),
    "a workbook of zeros": lambda: zipped({"xl/workbook.xml": bytes(10**6)}),
    "a workbook outside of its folder": lambda: zipped({"../../xl/workbook.xml": b"", "/etc/passwd": b"x"}),
    "a name of directions": lambda: zipped({"\u202excod.exe": b"x"}),
    "an archive that is cut": lambda: fuzz.a_file()[:-30],
}


# --- As a program ----------------------------------------------------------------------------------------------------


def cases(count, kinds=KINDS, seed=0):
    """Reads so many texts; yields the kind of each, what became of it, the seconds and the bytes that it took."""
    rng = random.Random(seed)
    for kind in rng.choices(list(kinds), kinds.values(), k=count):
        faulthandler.dump_traceback_later(HANGING_SECONDS, exit=True)
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.process_time()
        became = kind(rng)
        seconds, size = time.process_time() - began, tracemalloc.get_traced_memory()[1] - before
        yield kind.__name__, became, seconds, size
    faulthandler.cancel_dump_traceback_later()


def main(count):
    """Prints how many there were of each kind, the slowest, and the one that took most memory."""
    fuzz.a_file()  # which trains
    tracemalloc.start()
    became, slowest, most = Counter(), Counter(), Counter()
    for kind, what, seconds, size in cases(count):
        became[kind, what] += 1
        slowest[kind], most[kind] = max(slowest[kind], seconds), max(most[kind], size)
    for kind in slowest:
        counts = f"{became[kind, 'read']:,} read, {became[kind, 'refused']:,} refused"
        print(f"{kind}: {counts}; the slowest {1000 * slowest[kind]:.0f} ms, the most memory {most[kind] / 1e6:.1f} MB")
    for name, make in ARCHIVES.items():
        content = make()
        tracemalloc.reset_peak()
        before, began = tracemalloc.get_traced_memory()[0], time.process_time()
        pairs, problems = understood(content)
        seconds, size = time.process_time() - began, tracemalloc.get_traced_memory()[1] - before
        print(f"{1000 * seconds:6.0f} ms {size / 1e6:6.1f} MB  {name}: {[problem.kind for problem in problems]}")
        assert problems and not pairs
        slowest[name], most[name] = seconds, size
    assert max(slowest.values()) < MOST_SECONDS and max(most.values()) < MOST_BYTES


if __name__ == "__main__":
    main(int(sys.argv[1]))
