"""Questions about how many numbers the layers of a model learn; see questions.py."""

from pages.parts.questions.question import Question, mistakes_of
from seq2seq.lesson import Lesson


def of_the_layers(lesson: Lesson) -> list[Question]:
    """Asks about the encoder, and about attention where there is some."""
    return [_encoder(lesson), *_twice_the_units(lesson), *_attention(lesson)]


def _encoder(lesson: Lesson) -> Question:
    columns, units = len(lesson.source_vocabulary), lesson.model.hidden_size
    right = _lstm_parameters(columns, units)
    values = {"columns": columns, "units": units}
    if lesson.model.bidirectional:
        mistaken = [("one_lstm", right), ("one_wide_lstm", _lstm_parameters(columns, 2 * units))]
        return Question("parameters_both", 2 * right, mistakes_of(2 * right, mistaken), values=values)
    mistaken = [
        ("only_gates", right // 4 * 3),
        ("no_bias", right - 4 * units),
        ("no_recurrent", right - 4 * units**2),
        ("one_set", right // 4),
    ]
    return Question("parameters", right, mistakes_of(right, mistaken), values=values)


def _twice_the_units(lesson: Lesson) -> list[Question]:
    """Asks how the parameters grow; of an encoder that reads both ways it would be asked for a sum."""
    if lesson.model.bidirectional:
        return []
    columns, units = len(lesson.source_vocabulary), lesson.model.hidden_size
    before, right = _lstm_parameters(columns, units), _lstm_parameters(columns, 2 * units)
    mistaken = [("twice", 2 * before), ("four_times", 4 * before), ("more_inputs", right // 2)]
    values = {"units": units, "twice": 2 * units, "columns": columns, "before": before}
    return [Question("twice_the_units", right, mistakes_of(right, mistaken), values=values)]


def _lstm_parameters(columns: int, units: int) -> int:
    return 4 * (columns + units + 1) * units


def _attention(lesson: Lesson) -> list[Question]:
    """Asks what attention costs; nothing where there is none."""
    if lesson.model.attention == "none":
        return []
    units = lesson.model.decoder_size
    right = 2 * units**2
    mistaken = [("only_one_h", units**2), ("has_bias", right + units), ("an_lstm", 4 * (2 * units + 1) * units)]
    return [Question("attention_parameters", right, mistakes_of(right, mistaken), values={"units": units})]
