"""Bytes that find their own way into the parsers: `python -m tests.guided 20000` (needs tests/guided.txt).

atheris changes bytes at random and goes on with those that reach lines of ours that none has reached before. Whatever
comes must be read, or refused in words: anything else that is raised, ten seconds, or two gigabytes end it. Hostile
texts without such a guide are in fuzz.py.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["seq2seq.data", "seq2seq.takeaway"]):
    from seq2seq.takeaway.document import DamagedError
    from seq2seq.takeaway.lesson_file import read_lesson_file
    from seq2seq.takeaway.link import read_link
    from tests import fuzz
    from tests.takeaway.fuzz import a_file

_LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=8192", "-print_final_stats=1")


def _refused_in_words(read, given):
    try:
        read(given)
    except DamagedError as error:
        assert str(error)
        assert error.problem.kind


PARSERS = {  # by the first byte
    b"p": fuzz.understood,
    b"l": lambda content: _refused_in_words(read_link, content.decode("latin-1")),
    b"f": lambda content: _refused_in_words(read_lesson_file, content),
}


def read_one(content: bytes) -> None:
    PARSERS.get(content[:1], fuzz.understood)(content[1:])


def main(count: str) -> None:
    """Begins with a good one of each kind. Ends the process, with another status than 0 where something was found."""
    with tempfile.TemporaryDirectory() as folder:
        good = {
            b"p": b"Hello.\t\xec\x95\x88\xeb\x85\x95\nBye.\t\xec\x9e\x98 \xea\xb0\x80",
            b"l": fuzz.a_link().encode(),
            b"f": a_file(),
        }
        for kind, content in good.items():
            (Path(folder) / kind.decode()).write_bytes(kind + content)
        atheris.Setup([sys.argv[0], f"-runs={count}", *_LIMITS, folder], read_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1])
