"""A lesson as a link: it comes back as it was, means the same training elsewhere, and nothing else is taken for one."""

import base64
import json
import string
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.data.checks import check_pairs
from seq2seq.limits import SETTING_RANGES
from seq2seq.takeaway.document import DamagedError
from seq2seq.takeaway.link import _COMMON, FORMAT, MAX_LINK, MAX_UNPACKED, SharedLesson, read_link, write_link
from seq2seq.vocabulary import LEVELS

ROOT = Path(__file__).parents[2]
LETTERS = string.ascii_letters + string.digits + "-_"  # that an address may have as they are
# As it was written once and lies about in lesson plans: it must open for ever.
OLD_LINK = (
    "1ePmcc6gAQ4oNj9ScnHw9YAi8mdrxunXq26kz3rTseDNrCiSKPPLLFYCRrVCZXwqKrTfzZii8Wd7wumnL6-4OSNSFZySWKGQWg1Q"
    "UKYAiDKTudUvHm7lApXO3vF7WAiQVXq-dANfhqZ6rkFGal15UCbL2ddMMhdcbNrzavOBtTw_C0vycFGSLgQa-7pqi8HpVu8Kbpi0"
    "gc2GmASU_zJ_ZhJl4sCcVMxMCSQUakKSklazE3HxcycSI_FRiTo1UYmSKkkwgCvDkU-RSAZb3i4EOTs5Qiq0FAKnT1bg"
)


def settings(kind, **others):
    def drawn(name):
        least, most = SETTING_RANGES[name]
        return st.integers(least, most) if isinstance(least, int) else st.floats(least, most)

    ranged = {name: drawn(name) for name in SETTING_RANGES if name in kind.__dataclass_fields__}
    return st.builds(kind, **ranged, **others)


LESSONS = st.builds(
    SharedLesson,
    rows=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    name=st.sampled_from(["own", *SUPPLIED_LESSONS]),
    model=settings(ModelConfig, source_tokens=st.sampled_from(LEVELS), target_tokens=st.sampled_from(LEVELS)),
    training=settings(TrainingConfig),
    is_large=st.booleans(),
    language=st.sampled_from(["ko", "en", None]),
    asks=st.booleans(),
    hidden=st.lists(st.text(max_size=20)).map(tuple),
)
NOTEBOOK = SharedLesson(NOTEBOOK_PAIRS, "notebook")


def link_of(content, version=FORMAT):
    """Returns a link with any content."""
    packing = zlib.compressobj(zdict=_COMMON)
    packed = packing.compress(content) + packing.flush()
    return f"{version}{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def kind_of_fault(text):
    with pytest.raises(DamagedError) as raised:
        read_link(text)
    return raised.value.problem.kind


@given(LESSONS)
def test_a_lesson_comes_back_as_it_was(lesson):
    text = write_link(lesson)
    if text is not None:
        assert read_link(text) == lesson
        assert set(text) <= set(LETTERS) and len(text) <= MAX_LINK


@pytest.mark.parametrize("name", [name for name in SUPPLIED_LESSONS if name != "dates"])
def test_what_is_supplied_fits_into_a_link(name):
    supplied = SUPPLIED_LESSONS[name]
    lesson = SharedLesson(supplied.pairs, name, supplied.model, supplied.training)
    assert read_link(write_link(lesson)) == lesson


def test_what_is_too_large_gets_no_link():
    dates = SUPPLIED_LESSONS["dates"]
    assert write_link(SharedLesson(dates.pairs)) is None
    alike = SharedLesson((("a" * 100, "b"),) * (MAX_UNPACKED // 100))
    assert write_link(alike) is None and kind_of_fault(link_of(msgspec.json.encode(alike))) == "link_damaged"


def test_a_link_from_a_lesson_plan_still_opens():
    assert read_link(OLD_LINK) == SharedLesson(
        (*NOTEBOOK_PAIRS, ("", "🙂")),
        "own",
        ModelConfig(64, mask_padding=False, target_tokens="jamo"),
        TrainingConfig(epochs=20, seed=7, held_out=0.25),
        True,
        "ko",
        False,
        ("train", "search"),
    )


@given(st.data())
def test_a_changed_link_is_refused(data):
    """Whatever letter is lost, put in or exchanged on the way: the digit alone says something else then."""
    text = write_link(NOTEBOOK)
    place = data.draw(st.integers(1, len(text) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    for changed in (
        text[:place],
        text[:place] + text[place + 1 :],
        text[:place] + letter + text[place:],
        text[:place] + letter + text[place + 1 :],
    ):
        try:
            assert read_link(changed) == NOTEBOOK
        except DamagedError as error:
            assert error.problem.kind == "link_damaged"


@given(st.text() | st.text(LETTERS).map("1".__add__))
@example("")
@example("²")
@example("1")
@example("1====")
def test_what_is_no_link_is_refused(text):
    assert kind_of_fault(text) in ("link_damaged", "lesson_later")


@given(
    st.binary() | st.recursive(st.none() | st.booleans() | st.text() | st.floats(), st.lists).map(msgspec.json.encode)
)
@example(b"[" * 100_000)
@example(b'{"rows":' + b"[" * 100_000)
@example(b'{"rows":[["\\ud800",""]]}')
@example(b"\xff")
def test_any_other_content_is_refused(content):
    assert kind_of_fault(link_of(content)) == "link_damaged"


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": [["a"]]},
        {"rows": [["a", "b", "c"]]},
        {"rows": [["a", None]]},
        {"rows": None},
        {"rows": [["a" * 20_001, "b"]]},
        {"name": "x" * 301},
        {"model": {"hidden_size": 513}},
        {"model": {"hidden_size": 2.5}},
        {"model": {"hidden_size": "8"}},
        {"model": {"markers": 1}},
        {"model": {"source_tokens": "sentence"}},
        {"training": {"seed": -1}},
        {"training": {"learning_rate": 2}},
        {"training": {"epochs": 10**30}},
        {"language": "../../etc"},
        {"is_large": "yes"},
        {"hidden": "train"},
    ],
)
def test_every_field_is_checked_as_where_it_is_typed(changed):
    content = json.dumps({"rows": [["a", "b"]]} | changed).encode()
    assert kind_of_fault(link_of(content)) == "link_damaged"


def test_a_later_version_says_so_before_anything_is_unpacked():
    assert kind_of_fault(link_of(b"anything", version=FORMAT + 1)) == "lesson_later"
    assert kind_of_fault(f"{FORMAT + 1} in another writing!") == "lesson_later"


def test_what_a_later_one_of_this_version_adds_is_left_out():
    assert read_link(link_of(b'{"rows":[["a","b"]],"wind":"west"}')) == SharedLesson((("a", "b"),))


@pytest.mark.parametrize("letter", [b" ", b"["])
def test_a_bomb_costs_nothing(letter):
    """As much as fits into an address unpacks to four megabytes, of which a part is looked at."""
    bomb = link_of(letter * 4_000_000)
    assert len(bomb) < MAX_LINK
    tracemalloc.start()
    try:
        assert kind_of_fault(bomb) == "link_damaged"
        assert kind_of_fault("1" * 10_000_000) == "link_too_long"
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


# --- The same training -----------------------------------------------------------------------------------------------

TRAINED_ELSEWHERE = """
import sys
from seq2seq import Lesson, TrainingState
from seq2seq.data.checks import check_pairs
from seq2seq.takeaway.link import read_link
from seq2seq.training import advance

shared = read_link(sys.argv[1])
lesson = Lesson(check_pairs(shared.rows).usable, shared.model, shared.training)
print([record["loss"] for record in advance(TrainingState.new(lesson), epochs=20).history])
"""


@pytest.mark.long
def test_a_link_means_the_same_losses_to_the_last_digit():
    """With rows that are left out, an order of its own in every epoch, and pairs that are held out."""
    from seq2seq.training import advance  # noqa: PLC0415

    rows = (*NOTEBOOK_PAIRS, ("", "?"), *NOTEBOOK_PAIRS[:1], ("Thank you.", "고마워."))
    shared = SharedLesson(rows, "own", ModelConfig(16), TrainingConfig(seed=5, batch_size=2, held_out=0.2))
    lesson = Lesson(check_pairs(rows).usable, shared.model, shared.training)
    here = [record["loss"] for record in advance(TrainingState.new(lesson), epochs=20).history]
    command = [sys.executable, "-c", TRAINED_ELSEWHERE, write_link(shared)]
    elsewhere = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert json.loads(elsewhere) == here and len(set(here)) == 20
