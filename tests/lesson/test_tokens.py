"""Characters, jamo and words: splitting and joining, and a lesson at each level through the whole path."""

import unicodedata
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.analysis.metrics import evaluate
from seq2seq.data.pairs import normalise
from seq2seq.tensors import token_ids, vectorize
from seq2seq.training import advance
from seq2seq.vocabulary import EOS, LEVELS, join, split

LEAST_TO_MOST = ("jamo", "character", "word")  # the tokens grow
# Composed and lone Hangul, marks that compose and marks that do not, emoji of several characters, every kind of space.
TRICKY = "안녕뷁 각ㄱㅏ한ᆨ éx́́ñ가́ नमस्ते 漢字 👩‍🚀☕️🇰🇷 \u00a0\u3000\u202f\u200b aB9_'’.,?!()⟨bos⟩"
texts = st.one_of(st.text(st.characters(), max_size=40), st.text(TRICKY, max_size=40)).map(normalise)


@pytest.mark.parametrize("level", LEVELS)
@given(text=texts)
def test_joining_takes_back_splitting(level, text):
    tokens = split(text, level)
    assert join(tokens, level) == text
    assert all(tokens)


@given(texts)
def test_smaller_tokens_are_more(text):
    counts = [len(split(text, level)) for level in LEAST_TO_MOST]
    assert all(more >= fewer for more, fewer in pairwise(counts))


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("안녕", {"character": 2, "jamo": 6, "word": 1}),
        ("너의 이름이 뭐니?", {"character": 10, "jamo": 18, "word": 4}),
        ("What is your name?", {"character": 18, "jamo": 18, "word": 5}),
        ("é", {"character": 1, "jamo": 1, "word": 1}),
        ("", {"character": 0, "jamo": 0, "word": 0}),
    ],
)
def test_how_many_tokens(text, counts):
    assert {level: len(split(text, level)) for level in LEVELS} == counts


def test_jamo_are_unicodes_own_and_everything_else_stays():
    assert split("강é가", "jamo") == ["ᄀ", "ᅡ", "ᆼ", "é", "ᄀ", "ᅡ"]
    assert "".join(split("안녕하세요", "jamo")) == unicodedata.normalize("NFD", "안녕하세요")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I'm hungry.", ["I'm", " hungry", "."]),
        ("나 배고파.", ["나", " 배고파", "."]),
        ("a  b", ["a", " ", " b"]),
        ("He said 'yes' (why?)", ["He", " said", " '", "yes", "'", " (", "why", "?", ")"]),
        ("2024-03-03", ["2024", "-", "03", "-", "03"]),
        ("x́y नमस्ते", ["x́y", " नमस्ते"]),
        ("Quoi\u202f?", ["Quoi", "\u202f", "?"]),
    ],
)
def test_words_keep_the_space_before_them(text, tokens):
    assert split(text, "word") == tokens


@pytest.mark.parametrize("tokens", [["ᄒ"], ["ᅡ"], ["ᆫ"], ["ᆫ", "ᄒ", "ᅡ"], ["ᄒ", "ᄒ", "ᅡ", "ᆫ", "ᆫ", "ᅡ"]])
def test_jamo_that_make_no_syllable_stay_alone(tokens):
    assert split(join(tokens, "jamo"), "jamo") == tokens


# --- The whole path --------------------------------------------------------------------------------------------------

SIDES = [("jamo", "jamo"), ("word", "word"), ("character", "jamo"), ("word", "character")]


def lesson_of(source, target, **model):
    return Lesson(NOTEBOOK_PAIRS, ModelConfig(source_tokens=source, target_tokens=target, **model))


@pytest.mark.parametrize(
    ("source", "target", "shapes"),
    [
        ("character", "character", [(5, 18, 23), (5, 10, 24)]),
        ("character", "jamo", [(5, 18, 23), (5, 18, 29)]),
        ("word", "word", [(5, 5, 13), (5, 4, 13)]),
    ],
)
def test_each_side_has_its_own_level(source, target, shapes):
    encoder, decoder, _ = vectorize(lesson_of(source, target, markers=False))
    assert [encoder.shape, decoder.shape] == shapes


@pytest.fixture(scope="module", params=SIDES, ids="-".join)
def trained_at(request):
    source, target = request.param
    return advance(TrainingState.new(lesson_of(source, target)), epochs=150)


def test_a_lesson_at_each_level_is_learned(trained_at):
    translator = Translator(trained_at)
    sources, targets = zip(*NOTEBOOK_PAIRS, strict=True)
    assert [translator.translate(source) for source in sources] == list(targets)
    assert translator.translate_all(sources) == list(targets)
    found = evaluate(trained_at)
    assert (found["exact_match"], found["cer"], found["masked_accuracy"]) == (1, 0, 1)


def test_step_by_step_is_what_teacher_forcing_gives(trained_at):
    translator, lesson = Translator(trained_at), trained_at.lesson
    ids = token_ids(lesson)
    contexts = translator.contexts([pair.source for pair in lesson.pairs])
    taught = translator.teacher_forced(contexts, ids.decoder_inputs)  # (pairs, target time, tokens)
    for n, (source, target) in enumerate(lesson.pairs):
        steps = list(translator.steps(source, prefix=target))
        assert "".join(step.token for step in steps) == "".join(lesson.target_vocabulary.split(target)) + EOS
        stepwise = np.stack([step.probabilities for step in steps])
        np.testing.assert_allclose(stepwise, taught[n, : len(steps)], atol=1e-5)


def test_a_translation_cut_off_anywhere_is_still_a_text(trained_at):
    translator = Translator(trained_at)
    for source, target in NOTEBOOK_PAIRS:
        tokens = translator.lesson.target_vocabulary.split(target)
        for length in range(1, len(tokens) + 1):
            said = translator.text_of(list(translator.steps(source, max_new_tokens=length)))
            assert said == join(tokens[:length], trained_at.lesson.model.target_tokens)


@pytest.mark.parametrize(("source", "target"), SIDES)
def test_without_markers_the_first_token_is_given(source, target):
    lesson = lesson_of(source, target, markers=False, mask_padding=False)
    translator = Translator(advance(TrainingState.new(lesson), epochs=2))
    prefixes = [lesson.prefix(pair.target) for pair in lesson.pairs]
    assert prefixes == [split(pair.target, target)[0] for pair in lesson.pairs]
    sources = [pair.source for pair in lesson.pairs]
    one_by_one = [translator.translate(source, prefix) for source, prefix in zip(sources, prefixes, strict=True)]
    assert translator.translate_all(sources, prefixes) == one_by_one
    for text, prefix in zip(one_by_one, prefixes, strict=True):
        assert unicodedata.normalize("NFD", text).startswith(unicodedata.normalize("NFD", prefix))
    assert set(evaluate(TrainingState.new(lesson))) >= {"exact_match", "cer"}


def test_what_a_model_never_saw_depends_on_the_tokens():
    def translator(level):
        lesson = replace(lesson_of(level, "character"), pairs=(("안녕 나무", "hello"), ("고마워", "thanks")))
        return Translator(TrainingState.new(lesson))

    assert translator("character").unknown("안농 나라") == ["농", "라"]
    assert translator("jamo").unknown("안농 나라") == ["ᄅ"]
    assert translator("word").unknown("나무 고마워") == ["나무", " 고마워"]  # as the first word and as a later one
    read = translator("word").source_ids("고마워! 나무")
    assert read.tolist() == translator("word").source_ids("고마워 나무").tolist()
    assert len(read) == 2


@pytest.mark.parametrize("side", ["source_tokens", "target_tokens"])
@pytest.mark.parametrize("level", ["", "syllable", "Word", None])
def test_a_level_that_does_not_exist_is_refused(side, level):
    with pytest.raises(ValueError, match=side):
        ModelConfig(**{side: level})


def test_the_levels_are_part_of_the_lesson():
    lesson = Lesson(NOTEBOOK_PAIRS)
    assert (lesson.model.source_tokens, lesson.model.target_tokens) == ("character", "character")
    assert Lesson.as_in_notebook(NOTEBOOK_PAIRS).model.target_tokens == "character"
    assert replace(lesson, model=ModelConfig(target_tokens="jamo")) != lesson
