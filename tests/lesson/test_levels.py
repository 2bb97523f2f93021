"""A lesson at each level of tokens, through the whole path."""

import unicodedata
from dataclasses import replace

import numpy as np
import pytest

from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingState, Translator
from seq2seq.analysis.batched import encode_all, teacher_forced, translate_all
from seq2seq.analysis.metrics import evaluate
from seq2seq.tensors import token_ids, vectorize
from seq2seq.training import advance
from seq2seq.vocabulary import EOS, join, split

EPOCHS = {("jamo", "jamo"): 120, ("word", "word"): 30, ("word", "character"): 60}  # enough to learn five sentences


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


@pytest.fixture(scope="module", params=EPOCHS, ids="-".join)
def trained_at(request):
    return advance(TrainingState.new(lesson_of(*request.param)), epochs=EPOCHS[request.param])


def test_a_lesson_at_each_level_is_learned(trained_at):
    translator = Translator(trained_at)
    sources, targets = zip(*NOTEBOOK_PAIRS, strict=True)
    assert [translator.translate(source) for source in sources] == list(targets)
    assert translate_all(translator, sources) == list(targets)
    found = evaluate(trained_at)
    assert (found["exact_match"], found["cer"], found["masked_accuracy"]) == (1, 0, 1)


def test_step_by_step_is_what_teacher_forcing_gives(trained_at):
    translator, lesson = Translator(trained_at), trained_at.lesson
    ids = token_ids(lesson)
    encoded = encode_all(translator, [pair.source for pair in lesson.pairs])
    probabilities = teacher_forced(translator, encoded, ids.decoder_inputs)  # (pairs, target time, tokens)
    for n, (source, target) in enumerate(lesson.pairs):
        steps = list(translator.steps(source, prefix=target))
        assert "".join(step.token for step in steps) == "".join(lesson.target_vocabulary.split(target)) + EOS
        stepwise = np.stack([step.probabilities for step in steps])
        np.testing.assert_allclose(stepwise, probabilities[n, : len(steps)], atol=1e-5)


def test_a_translation_cut_off_anywhere_is_still_a_text(trained_at):
    translator = Translator(trained_at)
    for source, target in NOTEBOOK_PAIRS:
        tokens = translator.lesson.target_vocabulary.split(target)
        for length in range(1, len(tokens) + 1):
            output_text = translator.text_of(list(translator.steps(source, max_new_tokens=length)))
            assert output_text == join(tokens[:length], trained_at.lesson.model.target_tokens)


@pytest.mark.parametrize(("source", "target"), EPOCHS)
def test_without_markers_the_first_token_is_given(source, target):
    lesson = lesson_of(source, target, markers=False, mask_padding=False)
    translator = Translator(advance(TrainingState.new(lesson), epochs=2))
    prefixes = [lesson.prefix(pair.target) for pair in lesson.pairs]
    assert prefixes == [split(pair.target, target)[0] for pair in lesson.pairs]
    sources = [pair.source for pair in lesson.pairs]
    one_by_one = [translator.translate(source, prefix) for source, prefix in zip(sources, prefixes, strict=True)]
    assert translate_all(translator, sources, prefixes) == one_by_one
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
    ids = translator("word").source_ids("고마워! 나무")
    assert ids.tolist() == translator("word").source_ids("고마워 나무").tolist()
    assert len(ids) == 2


@pytest.mark.parametrize("side", ["source_tokens", "target_tokens"])
@pytest.mark.parametrize("level", ["", "syllable", "Word", None])
def test_a_level_that_does_not_exist_is_refused(side, level):
    with pytest.raises(ValueError, match=side):
        ModelConfig(**{side: level})
