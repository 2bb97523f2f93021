"""The page Translate: sentences, the stepper and what can be changed in it."""

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.translate import context_map
from seq2seq import NOTEBOOK_PAIRS, Lesson, TrainingState, Translator
from tests.pages.app import (
    a_run,
    button,
    changed,
    checked,
    choose,
    ending,
    narrations,
    new_session,
    open_page,
    picture,
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


def test_the_picture_has_all_numbers_of_every_step(trained_session):
    drawn = picture(open_page("translate", trained_session))
    translator = Translator(trained_session.trained)
    steps, context = list(translator.steps("Hello.")), translator.context("Hello.")
    for name in ("state_h", "state_c"):
        expected = [getattr(moment, name) for moment in (context, *steps)]
        np.testing.assert_allclose(drawn[name[-1]], expected, atol=6e-5)  # four digits
    for told, step in zip(drawn["steps"], steps, strict=True):
        np.testing.assert_allclose(told["probabilities"], step.probabilities, atol=6e-7)
        assert translator.lesson.target_vocabulary.tokens[told["token_id"]] == step.token


def test_a_changed_translation_stays_while_the_model_trains_on(trained_session):
    app = open_page("translate", trained_session)
    checked(button(app, "stepper.do_zero").click().run())
    run = trained_session.run
    run.state = replace(run.state, epoch=run.state.epoch + 1, step=run.state.step + 5)
    checked(app.run())
    assert changed(app)[0] == catalogue("en")["stepper.did_zero"]


def test_picking_a_sentence(trained_session):
    app = open_page("translate", trained_session)
    mark = catalogue("en")["translate.mark_trained"]
    assert app.selectbox[0].options[1:] == [f"{source} · {mark}" for source, _ in NOTEBOOK_PAIRS]
    app.selectbox[0].set_value("How are you?")
    checked(app.run())
    assert translation(app)[:2] == ["How are you?", "잘 지내니?"]
    assert translation(translate(app, "Hello."))[:2] == ["Hello.", "안녕하세요."]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_that_was_held_out_is_not_called_trained(language, trained):
    lesson = replace(trained.lesson, training=replace(trained.lesson.training, held_out=0.4))
    app = open_page("translate", new_session(run=a_run(replace(trained, lesson=lesson))), language)
    held_out = set(lesson.held_out_rows.tolist())
    assert len(held_out) == 2
    for row, (source, _) in enumerate(NOTEBOOK_PAIRS):
        kind = "held_out" if row in held_out else "trained"
        assert app.selectbox[0].options[1 + row] == f"{source} · {catalogue(language)[f'translate.mark_{kind}']}"
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
    nearest = context_map.nearest_trained(Translator(trained_session.trained), "How are you, Hello?")
    said_there = catalogue(language)["translate.nearest"].format(source=nearest, target=dict(NOTEBOOK_PAIRS)[nearest])
    assert said_there in translation(app)
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["zero", "taught", "endless"])
def test_a_change_and_back(name, language, trained_session):
    translator, words = Translator(trained_session.trained), catalogue(language)
    app = open_page("translate", trained_session, language)
    plain, told = translation(app), narrations(app)
    expected = {
        "zero": translator.steps(""),
        "taught": translator.steps("Hello."),
        "endless": translator.steps("Hello.", suppress_tokens=[translator.lesson.target_vocabulary.eos_id]),
    }[name]
    expected = list(expected)
    checked(button(app, f"stepper.do_{name}", language).click().run())
    assert changed(app) == [words[f"stepper.did_{name}"], translator.text_of(expected)]
    assert shows(app, "stepper.same" if name == "taught" else "stepper.part", language)
    (table,) = (table.value for table in app.dataframe)
    assert table.columns.tolist() == [str(n + 1) for n in range(max(7, len(expected)))]
    last = narrations(app)[-1]
    assert last.splitlines()[-1] == ending("length" if name == "endless" else "eos", language, steps=len(expected))
    is_made_to_say = words["stepper.now_forced"].rpartition("·")[2].removesuffix("{token}").strip()
    assert (is_made_to_say in last) == (name == "taught")
    if name == "zero":  # the same button once more
        checked(button(app, f"stepper.do_{name}", language).click().run())
    else:
        checked(button(app, "stepper.undo", language).click().run())
    assert translation(app) == plain
    assert narrations(app) == told
    assert not app.dataframe


def test_the_context_of_another_sentence(trained_session):
    app = open_page("translate", trained_session)
    plain = translation(app)
    choose(app, "stepper.do_context", "I'm hungry.")
    did = catalogue("en")["stepper.did_context"].format(sentence="I'm hungry.")
    assert changed(app) == [did, "나 배고파."]
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain
    assert next(box for box in app.selectbox if box.label == catalogue("en")["stepper.do_context"]).value is None


def test_another_token_and_what_follows(trained_session):
    translator = Translator(trained_session.trained)
    tokens = translator.lesson.target_vocabulary.tokens
    app = open_page("translate", trained_session)
    plain = translation(app)

    def picks(step, token):
        """As a click on a bar does; the click itself is made in tests/browser."""
        app.session_state["stepper"].pick(step, tokens.index(token))
        checked(app.run())

    picks(2, "니")
    steps = list(translator.steps("Hello.", forced={2: tokens.index("니")}))
    did = catalogue("en")["stepper.did_pick"]
    assert changed(app) == [did.format(step=3, token="니"), translator.text_of(steps)]
    assert picture(app)["n"] == 2  # what follows is watched from there
    assert narrations(app)[2].startswith(f"Step 3 of {len(steps)}")
    assert "is made to say 니" in narrations(app)[2]
    picks(2, "잘")  # another one in its place
    assert changed(app)[0] == did.format(step=3, token="잘")
    picks(0, "너")
    assert changed(app)[0] == " · ".join([did.format(step=1, token="너"), did.format(step=3, token="잘")])
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain


@pytest.mark.parametrize(("typed", "used"), [(3, 3), (1, 1), (0, 1), (-5, 1), (1000, 300)])
def test_a_limit(typed, used, trained_session):
    app = open_page("translate", trained_session)
    plain = translation(app)
    limit = next(box for box in app.number_input if box.label == catalogue("en")["stepper.do_limit"])
    checked(limit.set_value(typed).run())
    assert changed(app) == [catalogue("en")["stepper.did_limit"].format(steps=used), "안녕하세요."[: min(used, 6)]]
    ended = ending("length", steps=used) if used < 7 else ending("eos", steps=7)
    assert narrations(app)[-1].splitlines()[-1] == ended
    checked(button(app, "stepper.undo").click().run())
    assert translation(app) == plain


def test_another_sentence_is_not_changed(trained_session):
    app = open_page("translate", trained_session)
    checked(button(app, "stepper.do_zero").click().run())
    translate(app, "How are you?")
    assert translation(app)[:2] == ["How are you?", "잘 지내니?"]
    assert shows(app, "stepper.nothing_changed")
    assert not app.dataframe


def test_the_notebooks_model_is_taught_from_its_first_character(notebook_trained):
    notebook = notebook_trained.lesson
    session = new_session(run=a_run(notebook_trained), model=notebook.model, training=notebook.training)
    app = open_page("translate", session)
    assert button(app, "stepper.do_endless").disabled
    checked(button(app, "stepper.do_taught").click().run())
    assert "안녕하세요." in changed(app)
