"""Lesson files that nobody should trust: mutated ones and bombs. `python -m tests.takeaway.fuzz 2000` opens them.

Each must be refused with a `DamagedError`, or be a lesson that can be worked with. A mutation is done to the bytes of a
file, or to the document or a blob in it; then sizes, checksums and digests are made right again, so that what stands
behind them is reached.
"""

import copy
import json
import random
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from functools import cache
from pathlib import Path

from seq2seq import Lesson, ModelConfig, Pair, TrainingConfig, TrainingState, Translator
from seq2seq.takeaway.archive import DOCUMENT, TEXT, WEIGHTS, read_zip, write_zip
from seq2seq.takeaway.document import DamagedError, MomentDocument, RunDocument, WorkspaceDocument, digest
from seq2seq.takeaway.lesson_file import read_lesson_file, write_lesson_file
from seq2seq.takeaway.packing import Packer, Unpacker

MOST_SECONDS, MOST_BYTES = 1.0, 50e6  # of refusing a file, and beside it in memory
VALUES = [0, 1, -1, 2, 10**9, 10**30, -(2**63), 0.5, 1e308, "", "0" * 32, "nan", "\0", "a" * 30_000, None, True, [], {}]


def opened(content):
    """Opens a file as the app does; returns its trainings, each of which must be able to translate."""
    document, blobs = read_lesson_file(content)
    unpacker = Unpacker(blobs)
    unpacker.rows(document.now.table)
    unpacker.rows(document.now.start)
    states = [unpacker.state(run.state) for run in document.runs]
    for state in states:
        Translator(state).translate(state.lesson.pairs[0].source)
    return states


def kind_of(content):
    """Returns what a person is told of a file; None where it is a lesson."""
    try:
        opened(content)
    except DamagedError as error:
        assert str(error)
        return error.problem.kind
    return None


# --- Mutations -------------------------------------------------------------------------------------------------------


@cache
def a_file():
    """Returns a small file with two trainings, one of them within an epoch, and rows that are no pairs."""
    from seq2seq.training import advance  # noqa: PLC0415

    pairs = tuple(Pair(a + b, b + a) for a in "ab" for b in "cd")
    lesson = Lesson(pairs, ModelConfig(2), TrainingConfig(held_out=0.25, stop_when_right=False))
    states = [advance(TrainingState.new(lesson), epochs=epochs) for epochs in (3, 102)]
    while not states[0].batch:
        states[0] = advance(states[0], seconds=1e-9)
    packer = Packer()
    start, table = packer.rows(pairs), packer.rows((*pairs, ("", "x")))
    runs = [
        RunDocument(f"{n}", f"{n}.", packer.state(state), "own", start, start, lesson.model)
        for n, state in enumerate(states)
    ]
    now = MomentDocument("own", table, start, lesson.model, lesson.training)
    return write_lesson_file(WorkspaceDocument(now, runs=tuple(runs), run="0", sentence="ac"), packer.blobs)


def parts_of(content):
    return {name: bytes(member.unpacked()) for name, member in read_zip(content).items()}


def mutated_bytes(random, content):
    """Changes, inserts, removes, repeats or cuts off some bytes."""
    content = bytearray(content)
    for _ in range(random.choice([1, 1, 2, 5])):
        at, length = random.randrange(len(content)), random.choice([1, 1, 2, 4, 50, 1000])
        match random.randrange(5):
            case 0:
                content[at : at + length] = random.randbytes(len(content[at : at + length]))
            case 1:
                content[at:at] = random.randbytes(length)
            case 2:
                del content[at : at + length]
            case 3:
                content[at:at] = content[at : at + length]
            case 4:
                content[at : at + 4] = random.choice([bytes(4), b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
        content = content or bytearray(b"P")
    return bytes(content)


def mutated_headers(random, content):
    """Changes fields of the zip's directory, and now and then those beside the members in the same way."""
    content = bytearray(content)
    start = struct.unpack_from("<I", content, len(content) - 6)[0]
    at = start + random.randrange(len(content) - start)
    length = random.choice([1, 2, 4])
    content[at : at + length] = random.choice([bytes(length), b"\xff" * length, random.randbytes(length)])
    return bytes(content)


def mutated_document(random, content):
    """Changes values anywhere in the document."""
    parts = parts_of(content)
    document = json.loads(parts[DOCUMENT])
    for _ in range(random.choice([1, 1, 1, 3])):
        places = list(_places(document))
        holder, key = random.choice(places)
        other, other_key = random.choice(places)
        match random.randrange(4):
            case 0:
                holder[key] = random.choice(VALUES)
            case 1:
                holder[key] = copy.deepcopy(other[other_key])  # which may hold the place itself
            case 2 if isinstance(holder, list):
                holder[key:key] = [holder[key]] * random.choice([1, 2, 20])
            case _:
                del holder[key]
    return write_zip(parts | {DOCUMENT: json.dumps(document).encode()})


def _places(value):
    """Yields whatever can be set in some JSON: what holds it, and its key there."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def mutated_blob(random, content):
    """Changes the bytes of a blob, and its name wherever it stands."""
    parts = parts_of(content)
    name = random.choice([name for name in parts if name != DOCUMENT])
    return with_blob(parts, name, mutated_bytes(random, parts[name] or b"\n"))


def mutated_text(random, content):
    """Changes a word in a table or a history."""
    parts = parts_of(content)
    name = random.choice([name for name in parts if name.endswith(TEXT)])
    lines = parts[name].splitlines(keepends=True)
    n = random.randrange(len(lines))
    line = json.loads(lines[n])
    holder, key = random.choice(list(_places(line)))
    if random.random() < 0.3:
        del holder[key]
    else:
        holder[key] = random.choice(VALUES)
    lines[n : n + 1] = [json.dumps(line).encode() + b"\n"] * random.choice([1, 1, 2, 0])
    return with_blob(parts, name, b"".join(lines))


def with_blob(parts, name, blob):
    """Returns a file with another blob in the place of one."""
    old, _, ending = name.partition(".")
    document = parts[DOCUMENT].replace(old.encode(), digest(blob).encode())
    others = {other: content for other, content in parts.items() if other not in (name, DOCUMENT)}
    return write_zip(
        dict(
            sorted(
                ({DOCUMENT: document} | others | {f"{digest(blob)}.{ending}": blob}).items(),
                key=lambda item: (item[0] != DOCUMENT, item[0]),
            )
        )
    )


MUTATIONS = (mutated_bytes, mutated_headers, mutated_document, mutated_blob, mutated_text)


def mutants(count, seed=0):
    """Yields so many mutated files, each kind of mutation in turn."""
    for n in range(count):
        yield MUTATIONS[n % len(MUTATIONS)](random.Random(f"{seed} {n}"), a_file())


# --- Bombs -----------------------------------------------------------------------------------------------------------


def with_document(change):
    """Returns a file whose document a function has changed, as JSON values."""
    parts = parts_of(a_file())
    document = json.loads(parts[DOCUMENT])
    change(document)
    return write_zip(parts | {DOCUMENT: json.dumps(document).encode()})


def a_lesson_of(rows, model):
    """Returns a file with one training, its rows as given and its weights some bytes."""
    blob = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    name, weights = digest(blob), bytes(100)

    def change(document):
        run = document["runs"][0]
        run["state"] |= {"model": model, "pairs": name, "latest": digest(weights), "history": [], "checkpoints": []}
        run["state"] |= {"epoch": 0, "batch": 0, "sums": [], "step": 0}
        run |= {"pairs": name, "start": name}
        document |= {"runs": [run]}
        document["now"] |= {"table": name, "start": name}

    parts = parts_of(with_document(change))
    return write_zip({DOCUMENT: parts[DOCUMENT], name + TEXT: blob, digest(weights) + WEIGHTS: weights})


@cache
def packed_zeros():
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(1000)) + packer.flush()


def deflate_bomb(said):
    """Returns a file whose document unpacks to a gigabyte, and says that it has so many bytes."""
    packed = packed_zeros()
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, len(packed), said, 11, 0) + b"lesson.json"
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, 0, len(packed), said, 11, *[0] * 6)
    central += b"lesson.json"
    return local + packed + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 57, len(local + packed), 0)


def many_members(count):
    """Returns a zip of so many empty members."""
    name = b"lesson.json"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, 0, 0, len(name), 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, 0, 0, 0, len(name), *[0] * 6) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *[count % 2**16] * 2, len(central) * count, len(local), 0)
    return local + central * count + end


def with_safetensors(header, length=None):
    """Returns a file with weights whose header says something else."""
    parts = parts_of(a_file())
    name = next(name for name in parts if name.endswith(WEIGHTS))
    header = json.dumps(header).encode() if not isinstance(header, bytes) else header
    size = len(parts[name]) - 8 - int.from_bytes(parts[name][:8], "little")
    blob = (len(header) if length is None else length).to_bytes(8, "little") + header + bytes(size)
    return with_blob(parts, name, blob)


def state_with(**values):
    return with_document(lambda document: document["runs"][0]["state"].update(values))


def many_checkpoints(document):
    state = document["runs"][0]["state"]
    state["checkpoints"] = [[epoch, state["checkpoints"][0][1]] for epoch in range(1, 30_000)]


def many_runs(document):
    document["runs"] = [document["runs"][0] | {"id": str(n)} for n in range(1500)]


def many_histories(document):
    state = document["runs"][1]["state"]
    state["history"] = state["history"][:1] * 40_000
    state["epoch"] = 4_000_000


def nested(value):
    return b'{"format":1,"now":' + value + b"}"


def huge_array(**changes):
    return {"encoder_kernel": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**40]} | changes}


def many_arrays():
    return {f"{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_000)}


def words(count):
    return [(f"s{n}", f"t{n}") for n in range(count)]


WORDS = {"source_tokens": "word", "target_tokens": "word"}
BOMBS = {
    "a gigabyte of zeros": lambda: deflate_bomb(1000 * 2**20),
    "a gigabyte of zeros that says it is small": lambda: deflate_bomb(1000),
    "a gigabyte of zeros that says it is as much as allowed": lambda: deflate_bomb(2 * 2**20),
    "65,535 members": lambda: many_members(65_535),
    "a million members": lambda: many_members(1_000_000),
    "more bytes than are read": lambda: a_file() + bytes(101 * 2**20),
    "a document under a longer name": lambda: write_zip({f"{DOCUMENT}l": b"{}"}),
    "a document of nested arrays": lambda: write_zip({DOCUMENT: nested(b"[" * 1_900_000)}),
    "a document of nested objects": lambda: write_zip({DOCUMENT: nested(b'{"a":' * 300_000)}),
    "a document of 19 MB": lambda: write_zip({DOCUMENT: nested(b" " * 19 * 2**20)}),
    "a number of a million digits": lambda: write_zip({DOCUMENT: nested(b"9" * 1_000_000)}),
    "rows of nested arrays": lambda: a_lesson_of([json.loads("[" * 900 + "]" * 900)] * 1000, {}),
    "weights whose header has gigabytes": lambda: with_safetensors(b"", 2**40),
    "weights whose array has exabytes": lambda: with_safetensors(huge_array()),
    "weights whose array is somewhere else": lambda: with_safetensors(huge_array(data_offsets=[2**62, 2**63])),
    "weights of 100,000 arrays": lambda: with_safetensors(many_arrays()),
    "weights of nested arrays": lambda: with_safetensors(b"[" * 15_000),
    "512 units and 80,000 words": lambda: a_lesson_of(words(80_000), WORDS | {"hidden_size": 512}),
    "10**9 units": lambda: state_with(model={"hidden_size": 10**9}),
    "10**30 as step": lambda: state_with(step=10**30),
    "10**9 as epoch": lambda: state_with(epoch=10**9),
    "10**9 as batch": lambda: state_with(batch=10**9),
    "the same epoch 30,000 times": lambda: with_document(many_checkpoints),
    "the same hundred epochs 40,000 times": lambda: with_document(many_histories),
    "1,500 runs": lambda: with_document(many_runs),
    "more rows than are kept": lambda: a_lesson_of([("", "")] * 170_000, {}),
    "20,000 times a sentence of 20,000 characters": lambda: a_lesson_of([("a" * 20_000, "b")] * 1500, {}),
}


# --- As a program ----------------------------------------------------------------------------------------------------


def main(count):
    """Opens so many mutants and then each bomb, the bombs in processes of their own; says what took most."""
    kinds, slowest = Counter(), 0.0
    for content in mutants(count):
        began = time.process_time()
        kinds[kind_of(content)] += 1
        slowest = max(slowest, time.process_time() - began)
    print(f"{count:,} mutated files, the slowest {1000 * slowest:.0f} ms: {dict(kinds)}")
    assert slowest < MOST_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        for name, make in BOMBS.items():
            path = Path(folder) / "bomb"
            path.write_bytes(make())
            done = subprocess.run(
                [sys.executable, "-m", __spec__.name, "open", path], capture_output=True, text=True, check=True
            )
            kind, seconds, size = json.loads(done.stdout)
            print(f"{1000 * seconds:6.0f} ms {size / 1e6:6.1f} MB  {name}: {kind}")
            assert kind and seconds < MOST_SECONDS and size < MOST_BYTES


def open_one(path):
    """Prints what is said of a file, the seconds that took, and the bytes of memory beside the file."""
    content = Path(path).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = _peak(), time.process_time()
    kind = kind_of(content)
    print(json.dumps([kind, time.process_time() - began, _peak() - before]))


def _peak():
    """Returns the most bytes of memory that this process had."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    if sys.argv[1] == "open":
        open_one(sys.argv[2])
    else:
        main(int(sys.argv[1]))
