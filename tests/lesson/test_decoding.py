"""From weights to a translation, in NumPy alone. `test_model.py` compares the numbers with Keras."""

import pickle
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState, Translator
from seq2seq.analysis.batched import encode_all, teacher_forced
from seq2seq.decoding import Context
from seq2seq.tensors import token_ids
from seq2seq.vocabulary import BOS, EOS, LEVELS, PAD_ID, UnknownTokenError, join

anything = st.text(st.characters(), max_size=30)
models = st.builds(
    ModelConfig,
    st.integers(1, 9),
    markers=st.booleans(),
    mask_padding=st.booleans(),
    source_tokens=st.sampled_from(LEVELS),
    target_tokens=st.sampled_from(LEVELS),
)


def untrained(model=None, pairs=NOTEBOOK_PAIRS, **training):
    return TrainingState.new(Lesson(pairs, model or ModelConfig(8), TrainingConfig(**training)))


def always(token, state=None):
    """Returns a state whose decoder puts out one token, whatever it is fed."""
    state = state or untrained()
    bias = np.zeros_like(state.weights["dense_bias"])
    bias[state.lesson.target_vocabulary.tokens.index(token)] = 1000
    return replace(state, weights=state.weights | {"dense_bias": bias})


def test_what_was_learned_is_translated(trained):
    translator = Translator(trained)
    assert [translator.translate(source) for source, _ in NOTEBOOK_PAIRS] == [target for _, target in NOTEBOOK_PAIRS]


@settings(max_examples=50)
@given(anything, models, st.integers(0, 100))
def test_every_text_is_translated_by_every_model(text, model, seed):
    state = untrained(model, seed=seed)
    translator, tokens = Translator(state), state.lesson.target_vocabulary.tokens
    steps = list(translator.steps(text))
    tokens_put_out = [step.token for step in steps if step.token not in (BOS, EOS)]
    assert translator.translate(text) == join(tokens_put_out, model.target_tokens)
    assert 1 <= len(steps) <= translator.max_new_tokens
    assert [step.stop_reason for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert steps[-1].stop_reason == ("eos" if steps[-1].token == EOS else "length")
    assert EOS not in [step.token for step in steps[:-1]]
    assert [step.fed for step in steps] == [BOS if model.markers else None, *[step.token for step in steps[:-1]]]
    for step in steps:
        assert step.probabilities.shape == (len(tokens),)
        assert (step.probabilities >= 0).all()
        np.testing.assert_allclose(step.probabilities.sum(), 1, atol=1e-5)
        assert step.token_id == step.probabilities.argmax()
        assert step.token == tokens[step.token_id]
        assert not step.forced
        assert step.state_h.shape == step.state_c.shape == (model.hidden_size,)
        assert (np.abs(step.state_h) <= 1).all()
        assert ((np.stack([step.gates.i, step.gates.f, step.gates.o]) >= 0).all()) and (np.abs(step.gates) <= 1).all()


@pytest.mark.parametrize(("token", "stop_reason"), [(EOS, "eos"), (BOS, "length")])
def test_markers_alone_are_no_text(token, stop_reason):
    translator = Translator(always(token))
    assert translator.translate("Hello.") == ""
    *_, last = translator.steps("Hello.")
    assert (last.token, last.stop_reason) == (token, stop_reason)


def test_a_model_that_never_ends_is_ended():
    translator = Translator(always("요"))
    steps = list(translator.steps("Hello."))
    assert len(steps) == translator.max_new_tokens > translator.lesson.target_length
    assert [step.stop_reason for step in steps] == [None] * (len(steps) - 1) + ["length"]
    assert translator.translate("Hello.") == "요" * len(steps)


def test_without_markers_it_starts_from_a_zero_row_and_ends_by_length(notebook_trained):
    translator = Translator(notebook_trained)
    steps = list(translator.steps("Hello."))
    assert len(steps) == translator.lesson.target_length == 10
    assert steps[0].fed is None
    assert steps[-1].stop_reason == "length"
    context = translator.context("Hello.")
    first = translator.decoder_step(PAD_ID, context)
    np.testing.assert_array_equal(first.probabilities, steps[0].probabilities)


@pytest.mark.parametrize("prefix", ["", "너", "너의 이", "안녕하세요.", "요요요요"])
def test_a_prefix_is_forced_and_the_rest_picked(trained, prefix):
    translator, vocabulary = Translator(trained), trained.lesson.target_vocabulary
    steps = list(translator.steps("How are you?", prefix))
    assert "".join(step.token for step in steps[: len(prefix)]) == prefix
    assert [step.forced for step in steps] == [n < len(prefix) for n in range(len(steps))]
    assert translator.translate("How are you?", prefix).startswith(prefix)
    state = translator.context("How are you?")
    for fed, step in zip([BOS, *prefix], steps, strict=False):  # each step is fed what was forced before it
        expected = translator.decoder_step(vocabulary.tokens.index(fed), state)
        assert step.fed == fed
        np.testing.assert_array_equal(step.probabilities, expected.probabilities)
        state = Context(expected.state_h, expected.state_c)


def test_a_prefix_can_be_as_long_as_a_translation_and_no_longer():
    translator = Translator(always("요"))
    steps = list(translator.steps("Hello.", "안" * 1000))
    assert len(steps) == translator.max_new_tokens
    assert steps[-1].stop_reason == "length"


def test_a_prefix_without_an_id_is_named():
    with pytest.raises(UnknownTokenError) as caught:
        list(Translator(untrained()).steps("Hello.", "안x녕z"))
    assert caught.value.tokens == ["x", "z"]


@pytest.mark.parametrize("mask_padding", [True, False])
def test_unknown_characters_are_named_and_left_out(mask_padding):
    translator = Translator(untrained(ModelConfig(8, mask_padding=mask_padding)))
    assert translator.unknown("Hé☃llo.☃") == ["é", "☃"]
    np.testing.assert_array_equal(translator.source_ids("Hé☃llo.☃"), translator.source_ids("Hllo."))
    np.testing.assert_array_equal(translator.context("Hé☃llo.☃"), translator.context("Hllo."))
    assert translator.unknown("Hello.") == []


@pytest.mark.parametrize("text", ["", "  ", "☃", "ééé"])
def test_where_nothing_is_known_the_context_is_zero(trained, text):
    translator = Translator(trained)
    assert list(translator.encode(text)) == []
    assert not np.any(translator.context(text))
    assert list(translator.steps(text))[-1].stop_reason in ("eos", "length")


def test_the_encoder_takes_a_step_per_character_and_of_padding_only_if_it_was_trained_so(trained, notebook_trained):
    for source, _ in NOTEBOOK_PAIRS:
        assert len(list(Translator(trained).encode(source))) == len(source)
        assert len(list(Translator(notebook_trained).encode(source))) == 18
    assert len(list(Translator(notebook_trained).encode("Hello. " * 10))) == len("Hello. " * 10) - 1


def test_more_padding_changes_no_translation(trained):
    """With the same weights, in a lesson with one longer pair of the same characters, every tensor has more padding."""
    longer = replace(trained.lesson, pairs=(*NOTEBOOK_PAIRS, ("How " * 9, "니 " * 9)))
    assert longer.source_vocabulary == trained.lesson.source_vocabulary
    assert longer.target_vocabulary == trained.lesson.target_vocabulary
    roomy, plain = Translator(replace(trained, lesson=longer)), Translator(trained)
    assert roomy.max_new_tokens > plain.max_new_tokens
    for source, _ in NOTEBOOK_PAIRS:
        for ours, theirs in zip(roomy.steps(source), plain.steps(source), strict=True):
            assert (ours.token, ours.stop_reason) == (theirs.token, theirs.stop_reason)
            np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)


def test_hangul_is_understood_however_it_is_typed():
    state = untrained(pairs=tuple((target, source) for source, target in NOTEBOOK_PAIRS))
    translator, back = Translator(state), Translator(untrained())
    for source, target in NOTEBOOK_PAIRS:
        typed = unicodedata.normalize("NFD", target)
        assert typed != target
        assert translator.unknown(typed) == []
        assert translator.translate(typed) == translator.translate(target)
        assert back.translate(source, prefix=typed) == back.translate(source, prefix=target)


def test_translating_changes_nothing(trained):
    before = pickle.dumps((trained.weights, trained.history))
    first = Translator(trained).translate("Hello.")
    assert Translator(trained).translate("Hello.") == first
    assert pickle.dumps((trained.weights, trained.history)) == before


# --- What if? --------------------------------------------------------------------------------------------------------


def assert_same(ours, theirs):
    """Compares two translations in all but which tokens were forced."""
    assert [(s.fed, s.token_id, s.stop_reason) for s in ours] == [(s.fed, s.token_id, s.stop_reason) for s in theirs]
    for a, b in zip(ours, theirs, strict=True):
        for name in ("probabilities", "state_h", "state_c", "gates"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@settings(max_examples=30)
@given(anything, models, st.integers(0, 9), st.data())
def test_forcing_its_own_choices_changes_nothing(text, model, seed, data):
    translator = Translator(untrained(model, seed=seed))
    plain = list(translator.steps(text))
    chosen = data.draw(st.sets(st.integers(0, len(plain) - 1)))
    forced = list(translator.steps(text, forced={n: plain[n].token_id for n in chosen}))
    assert_same(forced, plain)
    assert {n for n, step in enumerate(forced) if step.forced} == chosen


@settings(max_examples=30)
@given(anything, models, st.integers(0, 9), st.data())
def test_a_token_forced_in_the_middle_is_fed_on(text, model, seed, data):
    translator = Translator(untrained(model, seed=seed))
    plain = list(translator.steps(text))
    n, token_id = data.draw(st.integers(0, len(plain) - 1)), data.draw(st.integers(0, len(plain[0].probabilities) - 1))
    forced = list(translator.steps(text, forced={n: token_id}))
    assert_same(forced[:n], plain[:n])
    assert [step.token_id for step in forced[: n + 1]] == [*(step.token_id for step in plain[:n]), token_id]
    np.testing.assert_array_equal(forced[n].probabilities, plain[n].probabilities)
    if forced[n].stop_reason is None:
        after = translator.decoder_step(token_id, Context(forced[n].state_h, forced[n].state_c))
        np.testing.assert_array_equal(forced[n + 1].probabilities, after.probabilities)


def test_forcing_every_token_is_teacher_forcing(trained, notebook_trained):
    for state in (trained, notebook_trained, untrained()):
        lesson, translator = state.lesson, Translator(state)
        ids = token_ids(lesson)
        encoded = encode_all(translator, [pair.source for pair in lesson.pairs])
        probabilities = teacher_forced(translator, encoded, ids.decoder_inputs)  # (pairs, time, tokens)
        for row, (source, target) in enumerate(lesson.pairs):
            wanted = ids.decoder_targets[row][ids.decoder_targets[row] != PAD_ID].tolist()
            forced = dict(enumerate(wanted))
            steps = list(translator.steps(source, lesson.prefix(target), forced, max_new_tokens=len(wanted)))
            assert [step.token_id for step in steps] == wanted
            assert all(step.forced for step in steps)
            for step, expected in zip(steps, probabilities[row], strict=False):
                np.testing.assert_allclose(step.probabilities, expected, atol=1e-6)


def test_a_context_can_stand_for_a_text(trained, notebook_trained):
    for state in (trained, notebook_trained):
        translator = Translator(state)
        for source, target in NOTEBOOK_PAIRS:
            prefix = state.lesson.prefix(target)
            plain = list(translator.steps(source, prefix))
            assert_same(list(translator.steps(translator.encoded(source), prefix)), plain)


@settings(max_examples=30)
@given(models, st.integers(0, 9), st.integers(1, 60))
def test_no_translation_is_longer_than_its_limit(model, seed, limit):
    translator = Translator(untrained(model, seed=seed))
    steps = list(translator.steps("Hello.", max_new_tokens=limit))
    assert len(steps) <= limit
    assert steps[-1].stop_reason == ("eos" if steps[-1].token == EOS else "length")
    assert len(steps) == limit or steps[-1].stop_reason == "eos"
    longer = list(translator.steps("Hello.", max_new_tokens=limit + 1))
    assert_same([replace(step, stop_reason=None) for step in longer[: len(steps)]],
                [replace(step, stop_reason=None) for step in steps])  # fmt: skip


def test_a_model_that_may_not_end_is_ended_by_the_limit(trained):
    translator, eos = Translator(trained), trained.lesson.target_vocabulary.eos_id
    plain = list(translator.steps("Hello."))
    steps = list(translator.steps("Hello.", suppress_tokens=[eos], max_new_tokens=20))
    assert (len(steps), steps[-1].stop_reason) == (20, "length")
    assert [step.token_id for step in steps[: len(plain) - 1]] == [step.token_id for step in plain[:-1]]
    assert eos not in [step.token_id for step in steps]
    second = np.argsort(-plain[-1].probabilities)[1]
    assert steps[len(plain) - 1].token_id == second
    np.testing.assert_array_equal(steps[len(plain) - 1].probabilities, plain[-1].probabilities)
    (*_, last) = translator.steps("Hello.", forced={3: eos}, suppress_tokens=[eos])
    assert (last.token, last.forced, last.stop_reason) == (EOS, True, "eos")
