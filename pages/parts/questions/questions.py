"""Questions about a lesson, to be answered before the page shows the answer.

Every number in them comes from the lesson or the model at hand. A wrong choice is a mistake that somebody could make:
the marker forgotten, only the gates counted.
"""

import math
import random

from pages.parts.questions import attention, lengths, parameters
from pages.parts.questions.question import MAX_CHOICES, Question, mistakes_of
from seq2seq.data.pairs import Pair
from seq2seq.decoding import Context, DecodingStep, Encoded, Translator
from seq2seq.lesson import Lesson
from seq2seq.state import TrainingState
from seq2seq.tensors import dense_shapes, token_ids
from seq2seq.vocabulary import BOS, LEVELS, PAD_ID, split

_MAX_CHARACTERS = 60  # of a choice; a longer text cannot be compared at a glance
_MAX_EVEN = 100  # target tokens of which each one's share can be told from 0 with two digits
_MAX_COMPARED = 2000  # pairs among which the most expensive one can be found by looking


def questions_of(lesson: Lesson, state: TrainingState | None = None) -> dict[str, list[Question]]:
    """Returns page → its questions; the same for the same lesson and model. Translate asks of a trained one alone."""
    return {
        "start": [_encoder_steps(lesson), _context_numbers(lesson)],
        "pairs": [_source_tokens(lesson), _target_tokens(lesson), *_costliest(lesson)],
        "tensors": [_shape(lesson), *_right_output(lesson), _zero_rows(lesson)],
        "model": [*parameters.of_the_layers(lesson), *_calls(lesson)],
        "train": [_steps_per_epoch(lesson), _even_loss(lesson), *_even_gradient(lesson)],
        "translate": [] if state is None else _of_a_model(state),
    }


def _seeded(lesson: Lesson) -> random.Random:
    return random.Random(repr((len(lesson.pairs), lesson.pairs[0], lesson.pairs[-1], lesson.model)))


def _another_row(lesson: Lesson) -> int:
    """Returns a row that the page Tensors does not show at first."""
    return _seeded(lesson).randrange(1, len(lesson.pairs)) if len(lesson.pairs) > 1 else 0


# --- Start -----------------------------------------------------------------------------------------------------------


def _encoder_steps(lesson: Lesson) -> Question:
    source, level = lesson.pairs[0].source, lesson.model.source_tokens
    tokens = split(source, level)
    right = len(tokens)
    mistaken = [("other_level", len(split(source, other))) for other in LEVELS if other != level]
    mistaken += [("spaces", right - tokens.count(" ")), ("source_markers", right + 2)]
    return Question("encoder_steps", right, mistakes_of(right, mistaken), "typed", {}, {"sentence": source}, level)


def _context_numbers(lesson: Lesson) -> Question:
    units = lesson.model.decoder_size
    steps = lesson.source_length
    mistaken = [("only_h", units), ("every_step", 2 * units * steps), ("gates", 4 * units)]
    return Question("context_numbers", 2 * units, mistakes_of(2 * units, mistaken), values={"units": units})


# --- Pairs -----------------------------------------------------------------------------------------------------------


def _source_tokens(lesson: Lesson) -> Question:
    vocabulary = lesson.source_vocabulary
    right = len(vocabulary)
    mistaken = [
        ("not_different", sum(len(vocabulary.split(pair.source)) for pair in lesson.pairs)),
        ("case", len({token.lower() for token in vocabulary.tokens})),
        ("no_space", right - (" " in vocabulary.tokens)),
        ("other_side", len(lesson.target_vocabulary)),
        ("pairs", len(lesson.pairs)),
        ("padding", right + 1),  # so that there is a wrong answer in the smallest lesson, too
    ]
    return Question("source_tokens", right, mistakes_of(right, mistaken), level=vocabulary.level)


def _target_tokens(lesson: Lesson) -> Question:
    right, markers = len(lesson.target_vocabulary), lesson.model.markers
    mistaken = [
        ("no_markers", right - 2) if markers else ("markers_off", right + 2),
        ("other_side", len(lesson.source_vocabulary)),
        ("steps", lesson.target_length),
    ]
    values = {"different": right - 2 * markers, "markers": 2 * markers}
    level = lesson.model.target_tokens
    return Question("target_tokens", right, mistakes_of(right, mistaken), values=values, level=level)


def _costliest(lesson: Lesson) -> list[Question]:
    """Asks which pair takes the most time steps, if one does and can be found by looking.

    Without a mask padding takes steps as well, so that every pair takes the same.
    """
    steps = lesson.lengths.sum(axis=1)  # (pairs,)
    ranked = steps.argsort(kind="stable")[::-1]
    if not lesson.model.mask_padding or not 1 < len(steps) <= _MAX_COMPARED or steps[ranked[0]] == steps[ranked[1]]:
        return []
    sources, targets = ([len(pair[side]) for pair in lesson.pairs] for side in range(2))
    rows = [
        ("longest_source", max(range(len(sources)), key=sources.__getitem__)),
        ("longest_target", max(range(len(targets)), key=targets.__getitem__)),
        *(("shorter", row) for row in ranked[1:].tolist()),
    ]
    written = [" → ".join(lesson.pairs[row]) for row in range(len(steps))]
    right = written[ranked[0]]
    mistakes = mistakes_of(right, [(reason, written[row]) for reason, row in rows])
    if any(len(text) > 2 * _MAX_CHARACTERS for text in (right, *mistakes)):
        return []
    return [Question("costliest", right, mistakes, "text", {"steps": int(steps[ranked[0]]) + lesson.model.markers})]


# --- Tensors ---------------------------------------------------------------------------------------------------------


def _shape(lesson: Lesson) -> Question:
    right = pairs, steps, tokens = dense_shapes(lesson).decoder_inputs
    if lesson.model.markers:
        mistaken = [("no_markers", (pairs, steps - 1, tokens - 2)), ("two_steps", (pairs, steps + 1, tokens))]
    else:
        mistaken = [("markers_off", (pairs, steps + 1, tokens + 2))]
    mistaken += [("axes", (pairs, tokens, steps)), ("source_shape", dense_shapes(lesson).encoder_inputs)]
    values = {"pairs": pairs, "steps": steps, "tokens": tokens}
    return Question("shape", right, mistakes_of(right, mistaken), "shape", values)


def _right_output(lesson: Lesson) -> list[Question]:
    """Asks for the decoder's output at a step; without markers a target of one token has no such step."""
    vocabulary, first = lesson.target_vocabulary, _another_row(lesson)
    for row in [*range(first, len(lesson.pairs)), *range(first)]:
        pair, ids = lesson.pairs[row], token_ids(lesson, [row])
        sides = ids.decoder_inputs[0], ids.decoder_targets[0]  # (time,) each
        inputs, outputs = ([vocabulary.tokens[i] for i in side[side != PAD_ID]] for side in sides)
        if not outputs:
            continue
        # The step where the most mistakes can be told from the right answer; the first such after the beginning.
        askable = [
            (step, mistakes_of(right, _other_outputs(vocabulary.tokens, inputs, outputs, step)))
            for step, right in enumerate(outputs)
        ]
        step, mistakes = max(askable, key=lambda asked: (len(asked[1]), asked[0] > 0))
        if mistakes:
            about = {"source": pair.source, "target": pair.target, "token": inputs[step]}
            level = lesson.model.target_tokens
            return [Question("right_output", outputs[step], mistakes, "token", {"step": step}, about, level)]
    return []


def _other_outputs(tokens: tuple[str, ...], inputs: list[str], outputs: list[str], step: int) -> list[tuple[str, str]]:
    mistaken = [("not_shifted", inputs[step])]
    mistaken += [("shifted_back", inputs[step - 1])] if step else []
    mistaken += [("shifted_twice", outputs[step + 1])] if step + 1 < len(outputs) else []
    return [*mistaken, *(("first_token", token) for token in (*outputs[:1], tokens[0]))]


def _zero_rows(lesson: Lesson) -> Question:
    source, steps = lesson.pairs[_another_row(lesson)].source, lesson.source_length
    real = len(lesson.source_vocabulary.split(source))
    right = steps - real
    mistaken = [("real_rows", real), ("all_rows", steps), ("source_markers", right - 2)]
    mistakes = mistakes_of(right, [mistake for mistake in mistaken if mistake[1] >= 0])
    values = {"steps": steps, "real": real}
    about = {"sentence": source}
    return Question("zero_rows", right, mistakes, "typed", values, about, lesson.model.source_tokens)


# --- Model -----------------------------------------------------------------------------------------------------------


def _calls(lesson: Lesson) -> list[Question]:
    """Asks how often the decoder is called; without ⟨eos⟩ that has nothing to do with the sentence."""
    if not lesson.model.markers:
        return []
    pair = lesson.pairs[_another_row(lesson)]
    tokens = len(lesson.target_vocabulary.split(pair.target))
    mistaken = [("one_call", 1), ("no_eos", tokens), ("bos_output", tokens + 2)]
    mistaken += [("source_length", len(lesson.source_vocabulary.split(pair.source)))]
    mistakes = mistakes_of(tokens + 1, mistaken)
    about = {"source": pair.source, "target": pair.target}
    return [Question("calls", tokens + 1, mistakes, "typed", {"tokens": tokens}, about, lesson.model.target_tokens)]


# --- Train -----------------------------------------------------------------------------------------------------------


def _steps_per_epoch(lesson: Lesson) -> Question:
    pairs, training = len(lesson.training_rows), lesson.training
    right = lesson.steps_per_epoch
    mistaken = [
        ("rest_left_out", pairs // training.batch_size),
        ("each_pair", pairs),
        ("whole_training", right * training.epochs),
        ("one_step", 1),
        ("rest_extra", right + 1),
    ]
    values = {"pairs": pairs, "batch": training.batch_size}
    return Question("steps_per_epoch", right, mistakes_of(right, mistaken), "typed", values)


def _even_loss(lesson: Lesson) -> Question:
    """Asks where the curve of the loss begins: without a mask it is the loss per time step, and padding's is 0."""
    tokens, per_token = len(lesson.target_vocabulary), math.log(len(lesson.target_vocabulary))
    mistaken = [
        ("probability", round(1 / tokens, 2)),
        ("share_wrong", round(1 - 1 / tokens, 2)),
        ("log_of_two", round(math.log2(tokens), 2)),
    ]
    if lesson.model.mask_padding:
        right = round(per_token, 2)
        return Question("even_loss", right, mistakes_of(right, mistaken), values={"tokens": tokens})
    rows = lesson.training_rows
    # With markers ⟨eos⟩ is an output as well, without them all tokens but the first.
    outputs = int(lesson.lengths[rows, 1].sum()) + len(rows) * (1 if lesson.model.markers else -1)
    steps = len(rows) * lesson.target_length
    right = round(per_token * outputs / steps, 2)
    mistakes = mistakes_of(right, [("real_tokens", round(per_token, 2)), *mistaken])
    values = {"tokens": tokens, "steps": steps, "outputs": outputs, "padding": steps - outputs}
    return Question("padded_even_loss", right, mistakes, values=values)


def _even_gradient(lesson: Lesson) -> list[Question]:
    """Asks for the gradient by the logit of the right token; where p is 0.00, it could not be told from a mistake."""
    tokens = len(lesson.target_vocabulary)
    if tokens >= _MAX_EVEN:
        return []
    right = round(1 / tokens - 1, 2)
    mistaken = [
        ("only_p", round(1 / tokens, 2)),
        ("other_sign", -right),
        ("only_y", -1.0),
        ("loss_itself", round(math.log(tokens), 2)),
    ]
    return [Question("even_gradient", right, mistakes_of(right, mistaken), values={"tokens": tokens})]


# --- Translate -------------------------------------------------------------------------------------------------------


def _of_a_model(state: TrainingState) -> list[Question]:
    lesson, translator = state.lesson, Translator(state)
    row = _seeded(lesson).choice(lesson.training_rows.tolist())
    pair = lesson.pairs[row]
    prefix = lesson.prefix(pair.target)
    steps = list(translator.steps(pair.source, prefix))
    output = _cut(translator.text_of(steps))
    others = [translator.translate(other.source, prefix) for other in lesson.pairs[:MAX_CHOICES]]
    without = translator.text_of(list(translator.steps(Encoded(Context.zeros(lesson.model.decoder_size)), prefix)))
    if lesson.model.attention == "none":
        of_what_it_knows = [_zero_context(pair, output, _cut(without), others)]
    else:
        of_what_it_knows = attention.of_a_translation(lesson, {"source": pair.source, "output": output}, steps, row)
    return [
        *_next_input(lesson, pair.source, output, steps),
        *of_what_it_knows,
        _stops(lesson, pair.source, output, steps),
        *lengths.of_a_model(state),
    ]


def _next_input(lesson: Lesson, source: str, output: str, steps: list[DecodingStep]) -> list[Question]:
    """Asks for the input of a step; a translation of one step has none but the first."""
    askable = []
    for n in range(1, len(steps)):
        mistaken = [("same_output", steps[n].token)]
        mistaken += [("earlier_input", steps[n - 2].token)] if n > 1 else []
        mistaken += [("first_input", BOS if lesson.model.markers else steps[0].fed or steps[0].token)]
        askable.append((n, mistakes_of(steps[n - 1].token, mistaken)))
    if not askable:
        return []
    n, mistakes = max(askable, key=lambda asked: len(asked[1]))
    if not mistakes:
        return []
    about, values = {"source": source, "output": output}, {"step": n + 1, "t": n}
    return [Question("next_input", steps[n - 1].token, mistakes, "token", values, about, lesson.model.target_tokens)]


def _zero_context(pair: Pair, output: str, right: str, others: list[str]) -> Question:
    mistaken = [("needs_context", output), ("nothing", "")]
    mistaken += [("other_sentence", _cut(other)) for other in others]
    mistaken += [("needs_context", _cut(pair.target))]  # in case that the model never outputs anything
    return Question("zero_context", right, mistakes_of(right, mistaken), "text", about={"source": pair.source})


def _stops(lesson: Lesson, source: str, output: str, steps: list[DecodingStep]) -> Question:
    right = steps[-1].stop_reason
    reasons = {
        "eos": "never_eos" if lesson.model.markers else "cannot_eos",
        "length": "before_limit",
        "source": "knows_no_length",
    }
    mistakes = mistakes_of(right, [(reason, ending) for ending, reason in reasons.items()])
    about = {"source": source, "output": output}
    return Question("stops", right, mistakes, "words", {"steps": len(steps)}, about)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
