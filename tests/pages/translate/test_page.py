"""The page Translate: sentences, the stepper and what can be changed in it."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pages.parts.texts import LANGUAGES, catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator
from seq2seq.analysis.contexts import context_vectors
from tests.pages.app import (
    a_run,
    button,
    checked,
    choose,
    ending,
    narrations,
    new_session,
    open_page,
    open_section,
    shows,
    translate,
    translation,
)

HANGUL = re.compile("[\uac00-\ud7a3]")
ENGLISH_SENTENCE = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){2,}")
NEEDS_A_LESSON = ("tensors", "model", "train")


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_any_training(language):
    app = open_page("translate", language=language)
    assert shows(app, "translate.empty", language)
    assert catalogue(language)["train.menu"] in [link.value for link in app.main.get("page_link")]
    assert not app.text_input
    started = new_session(run=a_run(TrainingState.new(Lesson(NOTEBOOK_PAIRS)), "queued", None, queue_position=1))
    assert shows(open_page("translate", started, language), "translate.empty", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_translating(language, trained_session):
    app = open_page("translate", trained_session, language)
    assert translation(app)[:2] == ["Hello.", "안녕하세요."]
    assert shows(app, "translate.trained", language)
    assert shows(app, "translate.right", language)
    assert shows(app, "translate.model", language, epoch=150, pairs=5)
    steps = list(Translator(trained_session.trained).steps("Hello."))
    told = narrations(app)
    assert len(told) == len(steps) == 7
    for n, (line, step) in enumerate(zip(told, steps, strict=True)):
        values = {"step": n + 1, "steps": 7, "t": n, "fed": step.fed, "best": step.token, "token": step.token}
        now = catalogue(language)["stepper.now"].format(p=f"{step.probabilities.max():.1%}", **values)
        assert line.splitlines() == [now, ending("eos", language, steps=7) if n == 6 else
                                     catalogue(language)["stepper.goes_on"]]  # fmt: skip


def test_picking_a_sentence(trained_session):
    app = open_page("translate", trained_session)
    mark = catalogue("en")["translate.mark_trained"]
    assert app.selectbox[0].options == [f"{source} · {mark}" for source, _ in NOTEBOOK_PAIRS]
    app.selectbox[0].set_value("How are you?")
    checked(app.run())
    assert translation(app)[:2] == ["How are you?", "잘 지내니?"]
    assert translation(translate(app, "Hello."))[:2] == ["Hello.", "안녕하세요."]


def test_a_sentence_is_typed_in_one_tab_and_stays_so_when_another_tab_is_redrawn(trained_session):
    first, second = (open_page("translate", trained_session) for _ in range(2))
    translate(second, "How are you?")
    assert translation(checked(first.run()))[0] == "Hello."  # each tab has its own
    assert trained_session.sentence == "How are you?"  # who comes next begins with the one typed last
    assert translation(open_page("translate", trained_session))[0] == "How are you?"
    choose(first, "translate.pick", "I'm hungry.")
    assert translation(checked(second.run()))[0] == "How are you?"


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_was_held_out_is_not_called_trained(language, trained):
    lesson = replace(trained.lesson, training=replace(trained.lesson.training, held_out=0.4))
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))), language)
    held_out = set(lesson.held_out_rows.tolist())
    assert len(held_out) == 2
    for row, (source, _) in enumerate(NOTEBOOK_PAIRS):
        kind = "held_out" if row in held_out else "trained"
        assert app.selectbox[0].options[row] == f"{source} · {catalogue(language)[f'translate.mark_{kind}']}"
        translate(app, source)
        kinds = [kind for kind in ("trained", "held_out", "unseen") if shows(app, f"translate.{kind}", language)]
        assert kinds == [kind]
        names_another = any(catalogue(language)["translate.nearest"][:8] in line for line in translation(app))
        assert names_another == (kind == "held_out")
    assert shows(app, "translate.model", language, pairs=3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_it_never_saw(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "How are you, Hello?")
    assert shows(app, "translate.unseen", language)
    assert not shows(app, "translate.right", language)
    assert not shows(app, "translate.wrong", language)
    translator, targets = Translator(trained_session.trained), dict(NOTEBOOK_PAIRS)
    here, *others = context_vectors(translator, ["How are you, Hello?", *targets])
    nearest = list(targets)[np.linalg.norm(others - here, axis=1).argmin()]
    assert catalogue(language)["translate.nearest"].format(source=nearest, target=targets[nearest]) in translation(app)
    assert button(app, "stepper.do_taught", language).disabled
    assert shows(app, "stepper.no_target", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_characters_it_never_saw_are_named(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "Hello. QZ\u200b☕Q")
    assert shows(app, "translate.unknown", language)
    assert translation(app)[0] == "Q Z ‹U+200B› ☕"
    assert translation(app)[1:3] == ["Hello. QZ\u200b☕Q", "안녕하세요."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_characters_it_never_saw(language, trained_session):
    app = translate(open_page("translate", trained_session, language), "ZZ☕")
    assert shows(app, "translate.all_unknown", language)
    assert translation(app) == ["Z ☕"]


@pytest.mark.parametrize(("sentence", "language"), product(["", "   "], LANGUAGES))
def test_nothing_to_translate(sentence, language, trained_session):
    app = translate(open_page("translate", trained_session, language), sentence)
    assert shows(app, "translate.type_something", language)


def test_a_wrong_translation_shows_the_right_one(trained):
    lesson = replace(trained.lesson, pairs=(("Hello.", "안녕하세요"), *NOTEBOOK_PAIRS[1:]))  # no full stop
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))))
    assert shows(app, "translate.wrong")
    assert translation(app)[:3] == ["Hello.", "안녕하세요.", "안녕하세요"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notebooks_model_needs_a_first_character(language, notebook_trained):
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("translate", session, language)
    assert shows(app, "translate.no_marker", language)
    assert app.selectbox[1].value == "안"
    assert translation(app)[1].startswith("안")
    # after the one that was given
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", language, steps=9)
    app.selectbox[1].set_value("")
    checked(app.run())
    assert narrations(app)[-1].splitlines()[-1] == ending("without_eos", language, steps=10)
