"""What if? The changes of the decoding stepper change its translation, and one click takes them back."""

from dataclasses import replace

import numpy as np

from pages.parts.drawing.tokens import display_token
from pages.parts.translate.query import Query
from pages.parts.translate.stepper.intervention import Intervention, Target, decode, parting, start
from pages.parts.translate.stepper.section import comparison
from seq2seq import NOTEBOOK_PAIRS, Translator
from seq2seq.limits import MAX_STEPS
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import EOS, PAD_ID
from tests.pages.app import (
    TEXTS,
    button,
    checked,
    choose,
    click,
    ending,
    narrations,
    open_page,
    open_section,
    picture,
    plain_texts,
    shows,
    translate,
)

SOURCE, TARGET = NOTEBOOK_PAIRS[1]


def decoded(translator, source=SOURCE, prefix="", target=None, **changes):
    return decode(Query(translator, source, prefix), Intervention(**changes), target)


def assert_same(ours, theirs):
    assert [(s.fed, s.token_id, s.forced, s.stop_reason) for s in ours] == [
        (s.fed, s.token_id, s.forced, s.stop_reason) for s in theirs
    ]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.probabilities, b.probabilities)


def test_no_change_is_the_plain_translation(trained, notebook_trained):
    for state in (trained, notebook_trained):
        translator, prefix = Translator(state), state.lesson.prefix(TARGET)
        plain = list(translator.steps(SOURCE, prefix))
        assert_same(decoded(translator, prefix=prefix), plain)
        assert_same(decoded(translator, prefix=prefix, context_of=SOURCE), plain)
        assert_same(decoded(translator, prefix=prefix, limit=len(plain)), plain)
        assert parting(plain, plain) is None


def test_a_zero_context_forgets_the_sentence(trained, notebook_trained):
    for state in (trained, notebook_trained):
        translator, prefix = Translator(state), "안" * (not state.lesson.model.markers)
        assert not np.any(start(Query(translator, SOURCE), Intervention(context_of="")).context)
        for source, _ in NOTEBOOK_PAIRS:
            same = decoded(translator, source, prefix, context_of="")
            assert_same(same, decoded(translator, SOURCE, prefix, context_of=""))


def test_the_context_of_another_sentence_gives_its_translation(trained):
    translator = Translator(trained)
    for source, target in NOTEBOOK_PAIRS:
        assert translator.text_of(decoded(translator, context_of=source)) == target


def test_teacher_forcing_outputs_the_target(trained, notebook_trained):
    for state in (trained, notebook_trained):
        translator, lesson = Translator(state), state.lesson
        for row, (source, output) in enumerate(lesson.pairs):
            ids, target = token_ids(lesson, [row]).decoder_targets[0], Target.of(lesson, output)
            assert (target.prefix, list(target.token_ids)) == (lesson.prefix(output), ids[ids != PAD_ID].tolist())
            steps = decoded(translator, source, "", target, teacher_forced=True)
            assert translator.text_of(steps) == output
            assert all(step.forced for step in steps)
            assert steps[-1].stop_reason == ("eos" if lesson.model.markers else "length")


def test_picks_come_before_all_else(trained):
    translator = Translator(trained)
    tokens = trained.lesson.target_vocabulary.tokens
    pick, eos = tokens.index("요"), tokens.index(EOS)
    target = Target.of(trained.lesson, TARGET)
    steps = decoded(translator, target=target, teacher_forced=True, picks={2: pick})
    assert [step.token for step in steps] == ["잘", " ", "요", *TARGET[3:], EOS]
    steps = decoded(translator, suppress_eos=True, limit=9, picks={4: eos})
    assert [len(steps), steps[-1].stop_reason, steps[-1].forced] == [5, "eos", True]
    assert len(decoded(translator, suppress_eos=True, limit=9)) == 9


def test_the_comparison_marks_what_is_forced_and_what_differs(trained):
    translator, vocabulary = Translator(trained), trained.lesson.target_vocabulary
    plain = list(translator.steps(SOURCE))
    changed = decoded(translator, picks={1: vocabulary.tokens.index("요")}, limit=3)
    table = comparison(plain, changed, vocabulary)
    assert table.columns.tolist() == [str(n + 1) for n in range(len(plain))]
    assert table.loc["plain"].tolist() == [display_token(step.token) for step in plain]
    assert table.loc["changed"].tolist()[:2] == [" 잘", "✎≠ 요"]
    assert table.loc["changed"].tolist()[3:] == [""] * (len(plain) - 3)
    assert table.loc["own"].tolist() == ["", "␣", *[""] * (len(plain) - 2)]
    assert parting(plain, changed) == 1
    assert parting(plain, decoded(translator, limit=3)) == 3


# --- On the page ----------------------------------------------------------------------------------------------------


def changed(app) -> list[str]:
    """Returns how the changed translation is described, and what it is."""
    return plain_texts(app)[2:4]


def test_changes_and_back(trained_session):
    translator = Translator(trained_session.trained)
    app = open_page("translate", trained_session)
    plain, told = plain_texts(app), narrations(app)
    is_forced = TEXTS["stepper.now_forced"].rpartition("·")[2].removesuffix("{token}").strip()
    eos = translator.lesson.target_vocabulary.eos_id
    for name, expected in {
        "zero": translator.steps(""),
        "taught": translator.steps("Hello."),
        "endless": translator.steps("Hello.", suppress_tokens=[eos]),
    }.items():
        steps = list(expected)
        click(app, f"stepper.do_{name}")
        assert changed(app) == [TEXTS[f"stepper.did_{name}"], translator.text_of(steps)]
        assert shows(app, "stepper.same" if name == "taught" else "stepper.part")
        (table,) = (table.value for table in app.dataframe)
        assert table.columns.tolist() == [str(n + 1) for n in range(max(7, len(steps)))]
        last = narrations(app)[-1]
        assert last.splitlines()[-1] == ending("length" if name == "endless" else "eos", steps=len(steps))
        assert (is_forced in last) == (name == "taught")
        click(app, f"stepper.do_{name}" if name == "zero" else "stepper.undo")  # the same button once more undoes it
        assert (plain_texts(app), narrations(app), len(app.dataframe)) == (plain, told, 0)
    choose(app, "stepper.do_context", "I'm hungry.")
    assert changed(app) == [TEXTS["stepper.did_context"].format(sentence="I'm hungry."), "나 배고파."]
    assert plain_texts(click(app, "stepper.undo")) == plain
    assert next(box for box in app.selectbox if box.label == TEXTS["stepper.do_context"]).value is None


def test_another_token_and_what_follows(trained_session):
    translator = Translator(trained_session.trained)
    tokens = translator.lesson.target_vocabulary.tokens
    app = open_page("translate", trained_session)
    plain = plain_texts(app)

    def picks(step, token):
        """As a click on a bar does; the click itself is made in tests/browser."""
        app.session_state["TranslateState"].stepper.pick(step, tokens.index(token))
        checked(app.run())

    picks(2, "니")
    steps = list(translator.steps("Hello.", forced={2: tokens.index("니")}))
    did = TEXTS["stepper.did_pick"]
    assert changed(app) == [did.format(step=3, token="니"), translator.text_of(steps)]
    assert picture(app)["n"] == 2  # what follows is watched from there
    assert narrations(app)[2].startswith(f"Step 3 of {len(steps)}")
    assert "forced output 니" in narrations(app)[2]
    picks(2, "잘")  # another one in its place
    assert changed(app)[0] == did.format(step=3, token="잘")
    picks(0, "너")
    assert changed(app)[0] == " · ".join([did.format(step=1, token="너"), did.format(step=3, token="잘")])
    click(app, "stepper.undo")
    assert plain_texts(app) == plain


def test_one_thing_is_changed_at_a_time_and_picked_tokens_are_added(trained_session):
    app, did = open_page("translate", trained_session), {"zero": TEXTS["stepper.did_zero"]}
    did["taught"], did["endless"] = TEXTS["stepper.did_taught"], TEXTS["stepper.did_endless"]
    for name in ("taught", "zero", "endless", "zero"):
        assert changed(click(app, f"stepper.do_{name}"))[0] == did[name]
    app.session_state["TranslateState"].stepper.pick(0, 5)  # in what is seen: the translation of a context of zero
    token = display_token(trained_session.lesson.target_vocabulary.tokens[5])
    picked = TEXTS["stepper.did_pick"].format(step=1, token=token)
    assert changed(checked(app.run()))[0] == f"{did['zero']} · {picked}"
    limit = next(box for box in app.number_input if box.label == TEXTS["stepper.do_limit"])
    assert changed(checked(limit.set_value(2).run()))[0] == TEXTS["stepper.did_limit"].format(steps=2)
    assert changed(click(app, "stepper.do_taught"))[0] == did["taught"]
    assert next(box for box in app.number_input if box.label == TEXTS["stepper.do_limit"]).value is None


def test_a_limit(trained_session):
    app = open_page("translate", trained_session)
    plain = plain_texts(app)
    for typed, used in ((3, 3), (1, 1), (0, 1), (-5, 1), (1000, MAX_STEPS)):
        limit = next(box for box in app.number_input if box.label == TEXTS["stepper.do_limit"])
        checked(limit.set_value(typed).run())
        assert changed(app) == [TEXTS["stepper.did_limit"].format(steps=used), "안녕하세요."[: min(used, 6)]]
        ended = ending("length", steps=used) if used < 7 else ending("eos", steps=7)
        assert narrations(app)[-1].splitlines()[-1] == ended
        assert plain_texts(click(app, "stepper.undo")) == plain


def test_a_change_stays_while_the_model_trains_on_and_is_none_of_another_sentence(trained_session):
    app = open_page("translate", trained_session)
    click(app, "stepper.do_zero")
    run = trained_session.run
    run.state = replace(run.state, epoch=run.state.epoch + 1, step=run.state.step + 5)
    assert changed(checked(app.run()))[0] == TEXTS["stepper.did_zero"]
    assert plain_texts(translate(app, "How are you?"))[:2] == ["How are you?", "잘 지내니?"]
    assert shows(app, "stepper.nothing_changed")
    assert not app.dataframe


def test_the_notebooks_model_is_taught_from_its_first_character(notebook_trained):
    app = open_section("steps", notebook_trained)
    assert button(app, "stepper.do_endless").disabled
    click(app, "stepper.do_taught")
    assert "안녕하세요." in changed(app)
