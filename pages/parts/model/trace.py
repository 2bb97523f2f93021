"""One sentence on its way through one LSTM: every number of every time step, and the tables that are shown of them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from pages.parts.drawing.tokens import ZERO_ROW, display_token
from pages.parts.theme import DARK_VIOLET, end_of_scale
from seq2seq import Translator
from seq2seq.cell import GateInputs, Gates, gate_inputs, lstm_step
from seq2seq.decoding import Context
from seq2seq.tensors import one_hot, token_ids
from seq2seq.vocabulary import PAD_ID

SIDES = ("encoder", "encoder_backward", "decoder")  # the second is there where the encoder reads both ways
GATES = ("i", "f", "o")  # open or closed, 0…1; g is the candidate, -1…1
PARTS = ("h_before", "c_before", *Gates._fields, "c", "h")  # states before, gates and candidate, states after


@dataclass(frozen=True)
class LSTMTrace:
    """Every number of a sentence's way through one LSTM."""

    tokens: tuple[str | None, ...]  # the inputs, None for a zero row: (time,)
    ids: np.ndarray  # the same as ids: (time,)
    inputs: GateInputs  # what flows into gates and candidate: (time, 4 · hidden) each, the bias (4 · hidden,)
    gates: Gates  # i, f, o and the candidate g, (time, hidden) each
    state_h: np.ndarray  # before the first step and after each: (time + 1, hidden)
    state_c: np.ndarray  # (time + 1, hidden)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def hidden(self) -> int:
        return self.state_h.shape[1]

    @property
    def states(self) -> dict[str, np.ndarray]:
        return {"h": self.state_h, "c": self.state_c}

    @property
    def ends(self) -> dict[str, float]:
        """State → the end of a symmetric scale that holds it at every time step."""
        return {"h": 1.0, "c": end_of_scale(float(np.abs(self.state_c).max()))}

    @property
    def labels(self) -> list[str]:
        """What stands below each time step: its number, which makes it unique, and its input."""
        return [f"{step} {display_input(token)}" for step, token in enumerate(self.tokens)]

    def at(self, step: int) -> dict[str, np.ndarray]:
        """Returns part → (hidden,) of one time step, in the order of `PARTS`."""
        before = {"h_before": self.state_h[step], "c_before": self.state_c[step]}
        gates = {name: values[step] for name, values in self.gates._asdict().items()}
        return before | gates | {"c": self.state_c[step + 1], "h": self.state_h[step + 1]}


def trace_lstm(translator: Translator, side: str, row: int) -> LSTMTrace:
    """Sends a sentence of the lesson through the encoder, or its translation through the decoder.

    The decoder gets the right tokens, as in training (teacher forcing), and begins with the context vector.
    """
    lesson, source = translator.lesson, translator.lesson.pairs[row].source
    if side != "decoder":
        vocabulary, ids = lesson.source_vocabulary, translator.source_ids(source)
        ids = ids[::-1] if side == "encoder_backward" else ids
        start = Context.zeros(lesson.model.hidden_size)
    else:
        vocabulary, ids = lesson.target_vocabulary, token_ids(lesson, [row]).decoder_inputs[0]
        ids, start = ids[ids != PAD_ID], translator.context(source)
    rows, weights = one_hot(ids, len(vocabulary)), _weights(translator, side)  # rows: (time, tokens)
    states, gates = _run(rows, start, weights)
    tokens = tuple(None if i == PAD_ID else vocabulary.tokens[i] for i in ids)
    return LSTMTrace(tokens, ids, gate_inputs(rows, states.state_h[:-1], *weights), gates, *states)


class PaddingEffect(NamedTuple):
    """What the padding of a source does to the encoder's h where it is read, or would do if it were."""

    zero_rows: int  # after the last token, up to the longest source
    distance: float  # Euclidean, from h after the last token to h after the zero rows
    length: float  # of h after the last token, to compare the distance with


def padding_effect(translator: Translator, row: int) -> PaddingEffect:
    """Returns what padding does to the state that a source of the lesson ends in."""
    lesson = translator.lesson
    ids = lesson.source_vocabulary.encode(lesson.pairs[row].source)
    zero_rows = lesson.source_length - len(ids)
    rows = one_hot(np.pad(ids, (0, zero_rows), constant_values=PAD_ID), len(lesson.source_vocabulary))
    states, _ = _run(rows, Context.zeros(lesson.model.hidden_size), _weights(translator, "encoder"))
    last_token, end = states.state_h[len(ids)], states.state_h[-1]  # (hidden,)
    return PaddingEffect(zero_rows, float(np.linalg.norm(end - last_token)), float(np.linalg.norm(last_token)))


def _weights(translator: Translator, side: str) -> list[np.ndarray]:
    return [translator.weights[f"{side}_{part}"] for part in ("kernel", "recurrent", "bias")]


def _run(rows: np.ndarray, start: Context, weights: list[np.ndarray]) -> tuple[Context, Gates]:
    """Returns the states at first and after each step, (time + 1, hidden), and `Gates`, (time, hidden)."""
    states, gates = [start], []
    for x in rows:  # (tokens,)
        step = lstm_step(x, *states[-1], *weights)
        states.append(Context(step.state_h, step.state_c))
        gates.append(step.gates)
    return Context(*map(np.stack, zip(*states, strict=True))), Gates(*map(np.stack, zip(*gates, strict=True)))


def display_input(token: str | None) -> str:
    """Returns how an input is drawn: a token, or a zero row."""
    return ZERO_ROW if token is None else display_token(token)


# --- Tables ----------------------------------------------------------------------------------------------------------


def grid_table(trace: LSTMTrace, step: int, unit: int) -> pd.DataFrame:
    """Returns a row for each part and unit at one time step, of which one is the chosen unit.

    Returns:
        "part"; "unit"; "value"; "shade", -1…1 or 0…1, of c by its scale; "ink", the colour of its number on that
        shade; "rank", see `ranks_around`.
    """
    parts = trace.at(step)
    shades = parts | {part: parts[part] / trace.ends["c"] for part in ("c_before", "c")}
    is_dark = np.concatenate([shades[part] > 0.6 if part in GATES else shades[part] < DARK_VIOLET for part in PARTS])
    return pd.DataFrame(
        {
            "part": pd.Categorical(np.repeat(PARTS, trace.hidden), PARTS),
            "unit": np.tile(np.arange(trace.hidden, dtype=np.int16), len(PARTS)),
            "value": np.concatenate([parts[part] for part in PARTS]),
            "shade": np.concatenate([shades[part] for part in PARTS]),
            "ink": pd.Categorical.from_codes(is_dark.astype(np.int8), ["black", "white"]),
            "rank": np.tile(ranks_around(unit, trace.hidden), len(PARTS)),
        }
    )


def ranks_around(chosen: int, units: int) -> np.ndarray:
    """Ranks units by their distance from the chosen one, which is the first: (units,).

    Where only n units fit on a screen, those ranked below n are drawn: neighbours, with the chosen one in their
    middle unless it is at an end.
    """
    distance = np.arange(units) - chosen
    order = np.where(distance < 0, -2 * distance - 1, 2 * distance)  # 0, then one to the left, one to the right, …
    return order.argsort().argsort().astype(np.int16)


def unit_table(trace: LSTMTrace, step: int) -> pd.DataFrame:
    """Returns the values of `grid_table` with a row for each unit and a column for each part."""
    return pd.DataFrame(trace.at(step)).rename_axis("unit")


def time_table(trace: LSTMTrace, state: str) -> pd.DataFrame:
    """Returns a state after each time step, "h" or "c": a row for each unit and a column for each time step."""
    return pd.DataFrame(trace.states[state][1:].T, columns=trace.labels).rename_axis("unit")


# --- The arithmetic of one unit --------------------------------------------------------------------------------------


def gate_sums(trace: LSTMTrace, step: int, unit: int) -> pd.DataFrame:
    """Returns a row for each gate of one unit and its candidate: the three parts of z, their sum, and the result."""
    columns = np.arange(4) * trace.hidden + unit  # the unit's place in each of the four blocks i, f, g, o
    bias, token, state = trace.inputs
    parts = {"bias": bias[columns], "from_token": token[step, columns], "from_state": state[step, columns]}
    results = [values[step, unit] for values in trace.gates]
    return pd.DataFrame(parts | {"z": sum(parts.values()), "result": results}, index=list(Gates._fields))


def state_sums(trace: LSTMTrace, step: int, unit: int) -> dict[str, list[str]]:
    """Writes out how one unit's new c and h come about: state → numbers in their places, …, the result."""
    now = {part: values[unit] for part, values in trace.at(step).items()}
    i, f, g, o, c_before, c, h = (written(now[part]) for part in ("i", "f", "g", "o", "c_before", "c", "h"))
    tanh_c = written(np.tanh(now["c"]))
    return {
        "c": [f"{f} · {factor(c_before)} + {i} · {factor(g)}", c],
        "h": [f"{o} · tanh({c})", f"{o} · {factor(tanh_c)}", h],
    }


def written(value: float) -> str:
    """Writes a number with four digits after the point, and zero without a sign."""
    return f"{value:.4f}".replace("-0.0000", "0.0000").replace("-", "−")


def factor(number: str) -> str:
    """Puts a negative number in brackets, as it stands after a sign."""
    return f"({number})" if number.startswith("−") else number
