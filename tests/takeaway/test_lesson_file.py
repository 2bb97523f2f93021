"""A lesson file gives back what was put into it; what nobody should trust is refused. See fuzz.py."""

import io
import tracemalloc
import zipfile
from dataclasses import replace

import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator
from seq2seq.lesson import ATTENTIONS
from seq2seq.limits import SETTING_RANGES
from seq2seq.takeaway import lesson_file
from seq2seq.takeaway.archive import DOCUMENT, WEIGHTS, read_zip, write_zip
from seq2seq.takeaway.document import (
    FORMAT,
    DamagedError,
    MomentDocument,
    RunDocument,
    WorkspaceDocument,
    digests_of,
    write_document,
)
from seq2seq.takeaway.lesson_file import as_copy, load_state, read_lesson_file, save_state, write_lesson_file
from seq2seq.takeaway.link import SharedLesson, read_link, write_link
from seq2seq.takeaway.packing import Packer, Unpacker
from seq2seq.training import advance
from tests.takeaway import fuzz
from tests.takeaway.test_packing import assert_same

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def settings_of(config):
    ranges = {name: limits for name, limits in SETTING_RANGES.items() if name in config.__dataclass_fields__}
    wholes = {name: st.integers(*r) for name, r in ranges.items() if isinstance(r[0], int)}
    return st.builds(config, **wholes, **{name: st.floats(*r) for name, r in ranges.items() if name not in wholes})


def a_workspace(packer, *states, rows=NOTEBOOK_PAIRS, **more):
    table, ids = packer.rows(tuple(rows)), [f"run {n}" for n in range(len(states))]
    runs = [
        RunDocument(
            id, f"{id}.", packer.state(state), "own", table, packer.rows(state.lesson.pairs), state.lesson.model
        )
        for id, state in zip(ids, states, strict=True)
    ]
    now = MomentDocument("own", table, table, ModelConfig(), TrainingConfig())
    return replace(WorkspaceDocument(now, runs=tuple(runs)), **more)


def refused(content):
    with pytest.raises(DamagedError) as error:
        read_lesson_file(content)
    return error.value.problem.kind


# --- What comes back -------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(texts, texts)), settings_of(ModelConfig), settings_of(TrainingConfig), names, texts)
def test_a_workspace_comes_back(rows, model, training, name, sentence):
    packer = Packer()
    document = a_workspace(packer, rows=rows, sentence=sentence, hidden=("train", name), language="ko")
    document = replace(document, now=replace(document.now, model=model, training=training))
    content = write_lesson_file(document, packer.blobs)
    assert read_lesson_file(content) == (document, packer.blobs)
    assert Unpacker(packer.blobs).rows(document.now.table) == tuple(rows)


@pytest.mark.parametrize("held_out", [0.0, 0.4])
def test_a_training_goes_on_as_if_it_had_never_been_saved(tmp_path, held_out):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(8), TrainingConfig(batch_size=2, held_out=held_out))
    state = advance(TrainingState.new(lesson), epochs=20)
    while not state.batch:
        state = advance(state, seconds=1e-9)
    save_state(state, tmp_path / "saved.seq2seq.zip")
    loaded = load_state(tmp_path / "saved.seq2seq.zip")
    document, _ = read_lesson_file((tmp_path / "saved.seq2seq.zip").read_bytes())
    assert document.runs[0].target_epoch == lesson.training.epochs  # the app tells how far it is on the way there
    assert_same(loaded, state)
    assert_same(advance(loaded, epochs=20), advance(state, epochs=20))


def test_a_saved_model_translates_the_same_to_the_last_digit(tmp_path, trained):
    save_state(trained, tmp_path / "saved.seq2seq.zip")
    loaded = Translator(load_state(tmp_path / "saved.seq2seq.zip"))
    for source, target in NOTEBOOK_PAIRS:
        steps = loaded.steps(source), Translator(trained).steps(source)
        assert all((ours.probabilities == theirs.probabilities).all() for ours, theirs in zip(*steps, strict=True))
        assert loaded.translate(source) == target


def test_the_same_workspace_gives_the_same_bytes_and_any_program_can_look_into_them(trained):
    packer, other = Packer(), Packer()
    document = a_workspace(packer, trained)
    content = write_lesson_file(document, packer.blobs)
    assert content == write_lesson_file(a_workspace(other, trained), dict(reversed(other.blobs.items())))
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert archive.namelist()[0] == DOCUMENT
    weights = next(name for name in archive.namelist() if name == document.runs[0].state.checkpoints[-1][1] + WEIGHTS)
    arrays = safetensors.numpy.load(archive.read(weights))
    assert (arrays["dense_bias"] == trained.checkpoints[-1][1]["dense_bias"]).all()


def test_what_was_undone_or_deleted_stays_at_home(trained):
    packer = Packer()
    document = a_workspace(packer, trained, TrainingState.new(trained.lesson))
    gone = replace(document.now, table=packer.rows((("a name", "that is nobody's business"),)))
    now = replace(document.now, deleted=("run 1",))
    content = write_lesson_file(replace(document, now=now, undo=(gone,), redo=(gone,), run="run 0"), packer.blobs)
    found, blobs = read_lesson_file(content)
    assert (found.undo, found.redo, found.now.deleted, [run.id for run in found.runs]) == ((), (), (), ["run 0"])
    assert not any(b"a name" in blob for blob in blobs.values())
    assert set(blobs) == digests_of(found)


def test_rows_that_were_taken_out_stay_at_home_unless_a_run_was_trained_on_them(trained):
    packer, gone = Packer(), ("a name", "that is nobody's business")
    document = a_workspace(packer, trained, trained, trained)
    began, other = packer.rows((*NOTEBOOK_PAIRS, gone)), packer.rows((gone, ("?", "?")))
    first, *others = document.runs
    runs = (replace(first, start=began), *(replace(run, start=other) for run in others))
    now = replace(document.now, start=began)
    changed = replace(document, now=now, runs=runs, sentence="typed", sentence_of=other)
    found, blobs = read_lesson_file(write_lesson_file(changed, packer.blobs))
    assert found.now.start == found.runs[0].start == found.now.table == document.now.table
    assert found.runs[1].start == found.runs[2].start == found.runs[1].pairs
    assert (found.sentence, found.sentence_of) == (None, None)
    assert not any(b"a name" in blob for blob in blobs.values())
    with_it = replace(document, now=replace(now, table=other), runs=(replace(first, start=began, pairs=other),))
    found, _ = read_lesson_file(write_lesson_file(with_it, packer.blobs))
    assert found.runs[0].pairs == other and found.runs[0].state.pairs == first.state.pairs


def test_a_copy_has_runs_of_its_own_none_of_which_trains(trained):
    packer = Packer()
    document = a_workspace(packer, trained, trained, run="run 1")
    first, second = document.runs
    document = replace(document, runs=(replace(first, status="training"), replace(second, baseline="run 0")))
    copies = [as_copy(document) for _ in range(2)]
    assert len({run.id for copy in copies for run in copy.runs}) == 4
    for copy in copies:
        assert (copy.run, copy.runs[1].baseline) == (copy.runs[1].id, copy.runs[0].id)
        assert [run.status for run in copy.runs] == ["paused", "paused"]
        assert [run.state for run in copy.runs] == [run.state for run in document.runs]


def test_a_lesson_that_only_another_version_supplies_is_the_students_own(trained):
    packer = Packer()
    document = a_workspace(packer, trained)
    now = replace(document.now, lesson_name="numbers")
    runs = (replace(document.runs[0], lesson_name="of tomorrow"),)
    found, _ = read_lesson_file(write_lesson_file(replace(document, now=now, runs=runs), packer.blobs))
    assert (found.now.lesson_name, found.runs[0].lesson_name) == ("numbers", "own")


# --- Files on the disk -----------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_leaves_the_earlier_one(tmp_path, trained):
    path = tmp_path / "saved.seq2seq.zip"
    save_state(trained, path)
    before = path.read_bytes()
    with pytest.raises(DamagedError, match="history"):
        save_state(replace(trained, history=trained.history[1:]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_a_training_says_so(tmp_path):
    packer, path = Packer(), tmp_path / "untrained.seq2seq.zip"
    path.write_bytes(write_lesson_file(a_workspace(packer), packer.blobs))
    with pytest.raises(ValueError, match="no run"):
        load_state(path)


# --- What is refused -------------------------------------------------------------------------------------------------


def test_what_is_no_lesson_file_is_called_that():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("picture.png", b"PNG")
    for content in (b"", b"PK", b"\x89PNG\r\n", packed.getvalue(), "수업".encode()):
        assert refused(content) == "no_lesson_file"


def test_a_part_of_a_file_is_called_that():
    content = fuzz.a_file()
    assert {refused(content[: len(content) * n // 10]) for n in range(2, 10)} == {"lesson_cut"}


def test_a_file_that_another_program_packed_is_called_that():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in fuzz.parts_of(fuzz.a_file()).items():
            archive.writestr(name, content)
    assert refused(packed.getvalue()) == "lesson_damaged"


def test_a_later_version_is_called_that():
    document = a_workspace(Packer(), format=FORMAT + 1)
    assert refused(write_zip({DOCUMENT: write_document(document)})) == "lesson_later"


@pytest.mark.parametrize("limit", ["MAX_RUNS", "MAX_LESSON_ROWS", "MAX_LESSON_TEXT_BYTES", "MAX_LESSON_FILE_BYTES"])
def test_what_could_not_be_read_is_not_written(monkeypatch, trained, limit):
    packer = Packer()
    document = a_workspace(packer, trained, trained)
    content = write_lesson_file(document, packer.blobs)
    monkeypatch.setattr(lesson_file, limit, 1)
    with pytest.raises(DamagedError) as error:
        write_lesson_file(document, packer.blobs)
    assert error.value.problem.kind == refused(content) == "lesson_too_large"


def test_a_member_that_nobody_asked_for_is_refused():
    parts = fuzz.parts_of(fuzz.a_file())
    assert refused(write_zip(parts | {"more.txt": b"!"})) == "lesson_damaged"
    assert refused(write_zip(dict(list(parts.items())[:-1]))) == "lesson_damaged"
    assert list(read_zip(write_zip(parts))) == list(parts)


@pytest.mark.parametrize("attention", ATTENTIONS)
@pytest.mark.parametrize("bidirectional", [True, False])
def test_every_kind_of_model_is_saved_and_linked(tmp_path, attention, bidirectional):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(6, attention=attention, bidirectional=bidirectional))
    state = TrainingState.new(lesson)
    save_state(state, tmp_path / "saved.seq2seq.zip")
    loaded = load_state(tmp_path / "saved.seq2seq.zip")
    assert_same(loaded, state)
    assert Translator(loaded).translate("Hello.") == Translator(state).translate("Hello.")
    shared = SharedLesson(lesson.pairs, model=lesson.model)
    assert read_link(write_link(shared)) == shared


def test_mutated_files_are_refused_or_lessons():
    """`make fuzz` opens more of them."""
    for content in fuzz.mutants(300):
        fuzz.kind_of(content)


@pytest.mark.parametrize("name", fuzz.BOMBS)
def test_bombs_do_not_go_off(name):
    content = fuzz.BOMBS[name]()
    tracemalloc.start()
    try:
        assert fuzz.kind_of(content) in ("lesson_damaged", "lesson_too_large")
        assert tracemalloc.get_traced_memory()[1] < fuzz.MOST_BYTES
    finally:
        tracemalloc.stop()
