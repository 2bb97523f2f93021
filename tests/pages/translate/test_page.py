"""The page Translate: which sentences can be translated, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from pages.parts import frame
from pages.parts.menu import PAGES
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator
from seq2seq.analysis.contexts import context_vectors
from seq2seq.limits import MAX_CHARACTERS
from tests.pages.app import (
    TEXTS,
    a_run,
    button,
    checked,
    choose,
    ending,
    links,
    narrations,
    new_session,
    open_page,
    open_section,
    plain_texts,
    shows,
    translate,
    visit,
)


def test_before_any_training():
    app = open_page("translate")
    assert shows(app, "translate.empty")
    assert TEXTS["train.menu"] in links(app)
    assert not app.text_input
    started = new_session(run=a_run(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), "queued", None, queue_position=1))
    assert shows(open_page("translate", started), "translate.empty")


def test_a_model_whose_weights_are_no_numbers_any_more(trained):
    """Every page can be opened, and Translate says why it cannot."""
    broken = replace(
        trained, weights=trained.weights | {"dense_bias": np.full(len(trained.weights["dense_bias"]), np.nan)}
    )
    assert trained.is_finite and not broken.is_finite
    app = open_page("start", new_session(run=a_run(broken)))
    for page in PAGES:
        visit(app, page)
        assert shows(app, "translate.not_finite", epoch=broken.epoch) == (page == "translate")


def test_a_sentence_that_nobody_typed_goes_with_its_lesson(trained_session):
    app = open_page("translate", trained_session)
    assert app.text_input[0].value == "Hello."
    other = a_run(TrainingState.new(Lesson((Pair("가나", "x"), Pair("다라", "y")))))
    trained_session.run = other
    other.state = replace(other.state, step=1)
    checked(app.run())
    assert app.text_input[0].value == "가나" and plain_texts(app)[0] == "가나"


def test_a_typed_sentence_stays_with_its_lesson(trained_session):
    app = translate(open_page("translate", trained_session), "How are we?")

    def trains(pairs):
        """As if the lesson had other pairs, and were trained with them."""
        run = a_run(replace(TrainingState.new(Lesson(pairs)), step=1))
        trained_session.runs, trained_session.run = new_session(run=run).runs, run
        return [plain_texts(tab)[0] for tab in (checked(app.run()), open_page("translate", trained_session))]

    assert trains((*NOTEBOOK_PAIRS[1:], Pair("How are we?", "x"))) == ["How are we?"] * 2  # the table was edited
    other = (Pair("aHow?", "x"), Pair("reb", "y"))
    assert trains(other) == ["aHow?"] * 2
    assert trains((Pair("aH", "x"), other[1])) == ["aH"] * 2  # nobody typed that
    translate(app, "a?")
    assert trains(other) == ["a?"] * 2


def test_translating(trained_session):
    app = open_page("translate", trained_session)
    assert plain_texts(app)[:2] == ["Hello.", "안녕하세요."]
    assert shows(app, "translate.trained")
    assert shows(app, "translate.right")
    assert shows(app, "translate.model", epoch=150, pairs=5)
    steps = list(Translator(trained_session.trained).steps("Hello."))
    told = narrations(app)
    assert len(told) == len(steps) == 7
    for n, (line, step) in enumerate(zip(told, steps, strict=True)):
        values = {"step": n + 1, "steps": 7, "t": n, "fed": step.fed, "best": step.token, "token": step.token}
        now = TEXTS["stepper.now"].format(p=f"{step.probabilities.max():.1%}", **values)
        assert line.splitlines() == [now, ending("eos", steps=7) if n == 6 else TEXTS["stepper.goes_on"]]
    assert app.selectbox[0].options == [f"{source} · {TEXTS['translate.mark_trained']}" for source, _ in NOTEBOOK_PAIRS]
    assert plain_texts(choose(app, "translate.pick", "How are you?"))[:2] == ["How are you?", "잘 지내니?"]
    assert plain_texts(translate(app, "Hello."))[:2] == ["Hello.", "안녕하세요."]


def test_a_sentence_is_typed_in_one_tab_and_stays_so_when_another_tab_is_redrawn(trained_session):
    first, second = (open_page("translate", trained_session) for _ in range(2))
    translate(second, "How are you?")
    assert plain_texts(checked(first.run()))[0] == "Hello."  # each tab has its own
    assert trained_session.sentence == "How are you?"  # who comes next begins with the one typed last
    assert plain_texts(open_page("translate", trained_session))[0] == "How are you?"
    choose(first, "translate.pick", "I'm hungry.")
    assert plain_texts(checked(second.run()))[0] == "How are you?"


class CountedPairs(tuple):
    """Pairs that count how many of them were looked at."""

    looked_at = 0

    def __iter__(self):
        for pair in super().__iter__():
            self.looked_at += 1
            yield pair


@pytest.mark.parametrize("markers", [True, False])
def test_a_redraw_does_not_go_through_the_pairs(markers):
    """With 80,000 of them each time would cost a tenth of a second."""
    lesson = Lesson(tuple(Pair(f"{n}", f"{n % 7} {n}") for n in range(3000)), ModelConfig(4, markers=markers))
    app = open_section("steps", replace(TrainingState.new(lesson), step=1), "17")
    counted = CountedPairs(lesson.pairs)
    object.__setattr__(lesson, "pairs", counted)
    translate(app, "18")
    assert counted.looked_at < 100


def test_a_sentence_that_was_held_out_is_not_called_trained(trained):
    lesson = replace(trained.lesson, training=replace(trained.lesson.training, held_out=0.4))
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))))
    held_out = set(lesson.held_out_rows.tolist())
    assert len(held_out) == 2
    assert shows(app, "translate.model", pairs=3)
    for row, (source, _) in enumerate(NOTEBOOK_PAIRS):
        kind = "held_out" if row in held_out else "trained"
        assert app.selectbox[0].options[row] == f"{source} · {TEXTS[f'translate.mark_{kind}']}"
        translate(app, source)
        assert [kind for kind in ("trained", "held_out", "unseen") if shows(app, f"translate.{kind}")] == [kind]
        names_another = any(TEXTS["translate.nearest"][:8] in line for line in plain_texts(app))
        assert names_another == (kind == "held_out")


def test_sentences_it_never_saw(trained_session):
    app = translate(open_page("translate", trained_session), "How are you, Hello?")
    assert shows(app, "translate.unseen")
    assert not shows(app, "translate.right") and not shows(app, "translate.wrong")
    translator, targets = Translator(trained_session.trained), dict(NOTEBOOK_PAIRS)
    here, *others = context_vectors(translator, ["How are you, Hello?", *targets])
    distances = np.linalg.norm(others - here, axis=1)
    near = list(targets)[distances.argmin()]
    apart = {"distance": f"{distances.min():.2f}", "farthest": f"{distances.max():.2f}"}
    edits = Levenshtein.distance(translator.translate("How are you, Hello?"), targets[near])
    said = TEXTS["translate.nearest"].format(source=near, target=targets[near], edits=edits, **apart)
    assert said in plain_texts(app)
    assert button(app, "stepper.do_taught").disabled
    assert shows(app, "stepper.no_target")
    translate(app, "Hello. QZ\u200b☕Q")  # characters it never saw are named
    assert shows(app, "translate.unknown")
    assert plain_texts(app)[:3] == ["Q Z ‹U+200B› ☕", "Hello. QZ\u200b☕Q", "안녕하세요."]
    translate(app, "ZZ☕")
    assert shows(app, "translate.all_unknown")
    assert plain_texts(app) == ["Z ☕"]
    for nothing in ("", "   "):
        assert shows(translate(app, nothing), "translate.type_something")


@pytest.mark.parametrize("sentence", [" ", "☕", "a" * (MAX_CHARACTERS + 1)])
def test_where_nothing_can_be_translated_it_is_said_all_the_same_what_is_kept(sentence, trained_session, monkeypatch):
    said = []
    monkeypatch.setattr(frame, "_say_what_is_kept", lambda: said.append(1))
    app = open_page("translate", trained_session)
    said.clear()
    translate(app, sentence)
    assert said and not shows(app, "translate.right")


def test_a_wrong_translation_shows_the_right_one(trained):
    lesson = replace(trained.lesson, pairs=(("Hello.", "안녕하세요"), *NOTEBOOK_PAIRS[1:]))  # no full stop
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))))
    assert shows(app, "translate.wrong")
    assert plain_texts(app)[:3] == ["Hello.", "안녕하세요.", "안녕하세요"]


def test_the_notebooks_model_needs_a_first_character(notebook_trained):
    app = open_section("steps", notebook_trained)
    assert shows(app, "translate.no_marker")
    assert app.selectbox[1].value == "안"
    assert plain_texts(app)[1].startswith("안")
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", steps=9)  # after the one that was given
    checked(app.selectbox[1].set_value("").run())
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", steps=10)
