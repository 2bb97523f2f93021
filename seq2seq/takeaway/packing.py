"""Trainings and rows ↔ documents and blobs. What comes out of a blob is checked before it is used."""

from __future__ import annotations

import io
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import msgspec
import numpy as np
import safetensors.numpy

from seq2seq.analysis.checkpoints import is_checkpoint
from seq2seq.analysis.metrics import figures
from seq2seq.data.pairs import Pair
from seq2seq.lesson import Lesson
from seq2seq.limits import MAX_ROWS, MAX_TYPED
from seq2seq.state import METRIC_SUMS, TrainingState, Weights, weight_shapes
from seq2seq.takeaway.document import Blobs, DamagedError, Number, StateDocument, digest, digests_of_state

Row = tuple[str, str]  # source and target as typed, faulty or not
EPOCHS_IN_A_BLOB = 100
_PARTS = ("weights", "adam_m", "adam_v")
_HEADER_BYTES = 20_000  # of safetensors; ours take 3,000
_COUNTS: dict[str, int] = defaultdict(lambda: 1)  # what an evaluation counts: all that `figures` asks for
_FIGURES = [figures([_COUNTS] * sides).keys() for sides in (1, 2)]  # without and with sentences that are held out
_RECORD = {"epoch", "loss", "accuracy", "learning_rate"}
_record = msgspec.json.Decoder(dict[str, Number])
_row = msgspec.json.Decoder(tuple[str, str])


class Packer:
    """Makes blobs, each thing once: what was packed before and is still the same object is known by its digest.

    Attributes:
        blobs: those that were made since the last `forget`, by digest.
    """

    def __init__(self):
        self.blobs: dict[str, bytes] = {}
        self._known: dict[int, tuple[Any, str]] = {}  # by id: the thing, so that no other gets its id, and its digest
        self._states: dict[int, tuple[TrainingState, StateDocument]] = {}

    def pack(self, thing: Any, write: Callable[[Any], bytes]) -> str:
        """Returns the digest of a thing that never changes, and makes its blob if it is new."""
        if id(thing) not in self._known:
            self._known[id(thing)] = thing, self._blob(write(thing))
        return self._known[id(thing)][1]

    def forget(self, used: set[str]) -> None:
        """Forgets the blobs, which are where they belong by now, and all that is not used any longer."""
        self.blobs = {}
        self._known = {key: known for key, known in self._known.items() if known[1] in used}
        self._states = {key: known for key, known in self._states.items() if digests_of_state(known[1]) <= used}

    def rows(self, rows: tuple[Row, ...]) -> str:
        """Returns the digest of the rows of a table."""
        return self.pack(rows, write_rows)

    def state(self, state: TrainingState) -> StateDocument:
        """Returns the document of a training."""
        if id(state) not in self._states:
            self._states[id(state)] = state, self._document(state)
        return self._states[id(state)][1]

    def _document(self, state: TrainingState) -> StateDocument:
        latest = {part: getattr(state, part) for part in _PARTS}
        return StateDocument(
            pairs=self.rows(state.lesson.pairs),
            model=state.lesson.model,
            training=state.lesson.training,
            # Known by `adam_m`, for the weights may be those of the latest checkpoint as well.
            latest=self.pack(state.adam_m, lambda _: write_arrays(_joined(latest))),
            step=state.step,
            epoch=state.epoch,
            batch=state.batch,
            sums=tuple(map(_written, state.sums)),
            evaluation=tuple({name: _written(value) for name, value in part.items()} for part in state.evaluation),
            history=tuple(self._epochs(state.history)),
            checkpoints=tuple((epoch, self.pack(weights, write_arrays)) for epoch, weights in state.checkpoints),
        )

    def _epochs(self, history: tuple[dict[str, float], ...]) -> Iterable[str]:
        for start in range(0, len(history), EPOCHS_IN_A_BLOB):
            records = history[start : start + EPOCHS_IN_A_BLOB]
            if len(records) == EPOCHS_IN_A_BLOB:  # it stays as it is, and is known by its first record
                yield self.pack(records[0], lambda _, full=records: write_records(full))
            else:
                yield self._blob(write_records(records))

    def _blob(self, content: bytes) -> str:
        name = digest(content)
        self.blobs[name] = content
        return name


class Unpacker:
    """Takes blobs apart, each once: runs of one lesson share their pairs again.

    Args:
        blobs: by digest. Whoever is not sure of them has compared them with their digests.
    """

    def __init__(self, blobs: Blobs):
        self._blobs = blobs
        self._rows: dict[str, tuple[Row, ...]] = {}
        self._pairs: dict[str, tuple[Pair, ...]] = {}
        self._lessons: dict[tuple, Lesson] = {}

    def rows(self, name: str) -> tuple[Row, ...]:
        """Returns the rows of a table.

        Raises:
            DamagedError: there is no such blob, or it has no rows in it.
        """
        if name not in self._rows:
            self._rows[name] = read_rows(self._blob(name))
        return self._rows[name]

    def state(self, document: StateDocument) -> TrainingState:
        """Returns a training, which can be gone on with as if it had never been away.

        Raises:
            DamagedError: something is missing, or the parts do not fit together.
        """
        lesson = self._lesson(document)
        _check_place(document, lesson)
        return TrainingState(
            lesson,
            step=document.step,
            epoch=document.epoch,
            batch=document.batch,
            sums=tuple(map(_read, document.sums)),
            evaluation=tuple({name: _read(value) for name, value in part.items()} for part in document.evaluation),
            history=tuple(self._records(document, lesson)),
            **self._weights(document, lesson),
        )

    def check(self, document: StateDocument) -> None:
        """Raises what `state` would raise. Its lesson takes memory, its weights and epochs do not."""
        model = document.model
        # Numbers of the recurrent weights; asked first, for 80,000 pairs take a second.
        recurrent = 4 * ((1 + model.bidirectional) * model.hidden_size**2 + model.decoder_size**2)
        if len(self._blob(document.latest)) < 4 * len(_PARTS) * recurrent:
            raise DamagedError(f"weights are too few for {model.hidden_size} units")
        lesson = self._lesson(document)
        _check_place(document, lesson)
        self._weights(document, lesson)
        for _ in self._records(document, lesson):
            pass

    def _lesson(self, document: StateDocument) -> Lesson:
        key = document.pairs, document.model, document.training
        if key not in self._lessons:
            pairs = self._pairs.get(document.pairs) or tuple(Pair(*row) for row in self.rows(document.pairs))
            try:
                self._lessons[key] = Lesson(pairs, document.model, document.training)
            except ValueError as error:
                raise DamagedError(str(error)) from error
            self._pairs[document.pairs] = self._lessons[key].pairs  # they are checked: of 80,000 that takes a while
        return self._lessons[key]

    def _weights(self, document: StateDocument, lesson: Lesson) -> dict[str, Any]:
        """Returns the arrays of a training by the names of its fields."""
        shapes = weight_shapes(lesson)
        latest = read_arrays(self._blob(document.latest), _joined(dict.fromkeys(_PARTS, shapes)))
        parts = {part: {name: latest[f"{part}.{name}"] for name in shapes} for part in _PARTS}
        kept = tuple((epoch, read_arrays(self._blob(name), shapes)) for epoch, name in document.checkpoints)
        return parts | {"checkpoints": kept}

    def _records(self, document: StateDocument, lesson: Lesson) -> Iterator[dict[str, float]]:
        """Yields the records of the epochs, in turn."""
        evaluated, last = _FIGURES[bool(len(lesson.held_out_rows))], 0
        for name in document.history:
            for epoch, record in enumerate(read_records(self._blob(name)), start=last + 1):
                names = _RECORD | evaluated if is_checkpoint(epoch) else _RECORD
                if epoch > document.epoch or record.keys() != names or record["epoch"] != epoch:
                    raise DamagedError(f"the history of a training has another record than that of epoch {epoch}")
                yield record
                last = epoch
        if last < document.epoch:
            raise DamagedError(f"a training of {document.epoch} epochs has a history of {last}")

    def _blob(self, name: str) -> bytes:
        if name not in self._blobs:
            raise DamagedError(f"a part of it, {name}, is missing")
        return self._blobs[name]


def _check_place(document: StateDocument, lesson: Lesson) -> None:
    """Raises an error where no training can be."""
    if document.batch > lesson.steps_per_epoch or len(document.sums) != (len(METRIC_SUMS) if document.batch else 0):
        raise DamagedError("a training is further than its epoch under way")
    epochs = [epoch for epoch, _ in document.checkpoints]
    if epochs != sorted(set(epochs)) or not all(
        1 <= epoch <= document.epoch and is_checkpoint(epoch) for epoch in epochs
    ):
        raise DamagedError("a training has kept epochs that are none of its own")
    sides = [len(rows) for rows in (lesson.training_rows, lesson.held_out_rows) if len(rows)]
    if document.evaluation and not (
        len(document.evaluation) == len(sides) and all(map(_is_count, document.evaluation, sides))
    ):
        raise DamagedError("an evaluation is not of the sentences of its lesson")


def _is_count(counts: dict[str, Number], rows: int) -> bool:
    """Tells whether this may have been counted while some rows are evaluated."""
    if counts.keys() != _COUNTS.keys():
        return counts == {"sentences": 0, "right": 0}
    return 0 <= _read(counts["right"]) <= _read(counts["sentences"]) <= rows


# --- Rows and epochs: JSON, a line each ------------------------------------------------------------------------------


def write_rows(rows: Iterable[Row]) -> bytes:
    """Returns rows as lines of JSON, `["Hello.", "안녕하세요."]`."""
    return b"".join(msgspec.json.encode(tuple(row)) + b"\n" for row in rows)


def read_rows(content: bytes) -> tuple[Row, ...]:
    """Returns the rows of `write_rows`, line by line: what is too much is not read.

    Raises:
        DamagedError: a line is no row, or there are too many, or too long ones.
    """
    rows = tuple(_lines(content, _row, MAX_ROWS))
    if any(len(cell) > MAX_TYPED for row in rows for cell in row):
        raise DamagedError(f"a cell is longer than {MAX_TYPED:,} characters")
    return rows


def write_records(history: Iterable[dict[str, float]]) -> bytes:
    """Returns the records of some epochs as lines of JSON."""
    lines = ({name: _written(value) for name, value in record.items()} for record in history)
    return b"".join(msgspec.json.encode(line, enc_hook=float) + b"\n" for line in lines)


def read_records(content: bytes) -> list[dict[str, float]]:
    """Returns the records of `write_records`.

    Raises:
        DamagedError: a line is no record, or there are too many.
    """
    records = _lines(content, _record, EPOCHS_IN_A_BLOB)
    return [{name: _read(value) for name, value in record.items()} for record in records]


def _lines(content: bytes, decoder: msgspec.json.Decoder, most: int) -> Iterable[Any]:
    if content.count(b"\n") > most:
        raise DamagedError(f"a part of it has more than {most:,} lines")
    for n, line in enumerate(io.BytesIO(content), start=1):
        try:
            yield decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise DamagedError(f"line {n} of a part of it: {error}") from error


def _written(value: float) -> Number:
    return value if math.isfinite(value) else str(float(value))


def _read(value: Number) -> int | float:
    return float(value) if isinstance(value, str) else value


# --- Weights: safetensors --------------------------------------------------------------------------------------------


def write_arrays(arrays: Weights) -> bytes:
    """Returns arrays as safetensors, which are their bytes after a table of names, types and shapes."""
    # First weights are partly transposed arrays, of which safetensors would write the bytes in the wrong order.
    return safetensors.numpy.save({name: np.ascontiguousarray(values) for name, values in arrays.items()})


def read_arrays(content: bytes, shapes: dict[str, tuple[int, ...]]) -> Weights:
    """Returns the arrays of `write_arrays`, as views of the content: they take no memory and cannot be changed.

    Args:
        content: what is read only if it is as large as these arrays are.
        shapes: name → shape of each array that must be there, all float32.

    Raises:
        DamagedError: these are other arrays.
    """
    wanted = 4 * sum(map(math.prod, shapes.values()))
    start = len(content) - wanted
    if not 8 < start <= _HEADER_BYTES or int.from_bytes(content[:8], "little") != start - 8:
        raise DamagedError(f"weights have {len(content):,} bytes, where their lesson needs {wanted:,}")
    try:
        header = _header.decode(content[8:start])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise DamagedError(f"weights cannot be read: {error}") from error
    if {name: array.shape for name, array in header.items()} != shapes:
        raise DamagedError("weights are not those of their lesson")
    arrays, place = {}, 0
    for name, array in sorted(header.items(), key=lambda item: item[1].data_offsets):  # one after the other
        if array.data_offsets != (place, place := place + 4 * math.prod(array.shape)):
            raise DamagedError("weights are not one after the other")
        values = np.frombuffer(content, "<f4", math.prod(array.shape), start + array.data_offsets[0])
        arrays[name] = values.reshape(array.shape)
    return {name: arrays[name] for name in shapes}


class _Array(msgspec.Struct, forbid_unknown_fields=True):
    dtype: Literal["F32"]
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


_header = msgspec.json.Decoder(dict[str, _Array])


def _joined(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {f"{part}.{name}": value for part, by_name in parts.items() for name, value in by_name.items()}
