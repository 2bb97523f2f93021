"""One step of the decoding as a picture: the loop so far, what was probable, and the states before and after.

Python turns a translation into tables of what is to be seen, which the tests compare with Keras; stepper.js draws
them and goes from step to step in the browser. As charts that the server sends at each click a step took 0.13 s from
click to picture; drawn from what the browser has already it takes some milliseconds, and thirty students who let it
play cost the server nothing.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from pages.parts import theme
from pages.parts.drawing.tokens import ZERO_ROW, display_token, em_width, has_right_to_left, isolated, token_label
from pages.parts.players.alignments import MAX_TOKENS
from pages.parts.state import TranslateState
from pages.parts.texts import text
from pages.parts.tour import guide
from seq2seq import DecodingStep, Lesson
from seq2seq.decoding import Context
from seq2seq.takeaway.pages import finite
from seq2seq.vocabulary import Vocabulary

CANDIDATES = 9  # tokens with a bar of their own; the others share one
_MAX_COLUMNS = 11  # steps that can be told apart on a phone
_DIGITS = 4  # after the point, of the states
_WEIGHT_DIGITS = 3  # and of the attention weights
_LINE = 32  # half-width characters of the translation in a line, as many as a phone can show
_KEY = "step-picture"
TEXTS = (  # of the picture
    *("first", "back", "play", "pause", "next", "scrub", "input", "output", "context", "token", "forced"),
    *("probability", "others", "unit", "other_token", "choose", "numbers", "bars_alt", "states_alt"),
)


class AttendedSource(NamedTuple):
    """What attention looks at in a translation."""

    tokens: Sequence[str]  # of the source, as they are typed; where there is none, it sees nothing
    is_changed: bool = False  # by somebody who asked "what if?"


class Shown(NamedTuple):
    """A translation to be stepped through."""

    steps: Sequence[DecodingStep]
    narrations: Sequence[str]  # what is said of each step
    context: Context  # what the decoder started from
    vocabulary: Vocabulary  # of the target
    is_given: bool  # the first input was given by the student, because the model has no ⟨bos⟩
    begins: str  # what stands in the box of the context vector
    version: str  # what tells this translation from others
    n: int  # the step, from 0, at which it begins
    has_shortcuts: bool = True  # single keys go from step to step
    can_pick: bool = True  # another token can be output
    attended: AttendedSource | None = None  # None: the model has no attention


# --- The numbers -----------------------------------------------------------------------------------------------------


def all_states(steps: Sequence[DecodingStep], context: Context) -> dict[str, np.ndarray]:
    """Returns "h" and "c" before the first step of a translation and after each one, as the picture shows them.

    (steps + 1, hidden) each: step n goes from row n to row n + 1.
    """
    states = {"h": [at.state_h for at in (context, *steps)], "c": [at.state_c for at in (context, *steps)]}
    return {name: np.stack(values).astype(float).round(_DIGITS) for name, values in states.items()}


@lru_cache(maxsize=16)
def token_labels(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Returns how each token is drawn where one is chosen, so that no two look alike.

    Of tokens that are drawn alike, such as the letter ㄴ and the ㄴ that begins a syllable, the one that is what is
    drawn stays so; the others have their ids behind them.
    """
    drawn = [token_label(token) for token in vocabulary.tokens]
    counts = Counter(drawn)
    return tuple(
        label if counts[label] == 1 or label == token else f"{label} ({token_id})"
        for token_id, (label, token) in enumerate(zip(drawn, vocabulary.tokens, strict=True))
    )


def bar_rows(step: DecodingStep, vocabulary: Vocabulary) -> list[dict]:
    """Returns the most probable tokens, which get a bar each, and all others summed up as one with the id -1.

    A token that was picked though it is not among the most probable takes the last bar.
    """
    order = np.argsort(-step.probabilities, kind="stable").tolist()
    chosen, labels = order[:CANDIDATES], token_labels(vocabulary)
    if step.token_id not in chosen:
        chosen[-1] = step.token_id
    rows = [
        {"token_id": token_id, "token": labels[token_id], "p": float(step.probabilities[token_id])}
        | {"picked": token_id == step.token_id, "forced": token_id == step.token_id and step.forced}
        for token_id in chosen
    ]
    if others := len(order) - len(chosen):
        rows.append({"token_id": -1, "others": others, "p": float(np.delete(step.probabilities, chosen).sum())})
    return rows


def state_scale(steps: Sequence[DecodingStep], context: Context) -> float:
    """Returns the end of a symmetric scale for c that is good for every step of a translation: 1, 2, 5, 10, 20, 50 …

    It holds 95% of the numbers. A few units grow far larger than all others and would leave those without colour.
    """
    all_c = np.stack([state.state_c for state in (context, *steps)])  # (steps + 1, hidden)
    return theme.end_of_scale(float(np.quantile(np.abs(all_c), 0.95)))


def first_column(n: int) -> int:
    """Returns which step, from 0, stands in the first column of the loop when step n is shown.

    Where a line of columns is full, the next one begins with its last step.
    """
    return 0 if n < _MAX_COLUMNS else (n - 1) // (_MAX_COLUMNS - 1) * (_MAX_COLUMNS - 1)


def loop_rows(steps: Sequence[DecodingStep], first: int, is_given: bool, begins: str = "h, c") -> list[dict]:
    """Returns what a line of the loop consists of: boxes and arrows, each with the step from which on it is there.

    Args:
        steps: a translation.
        first: the step, from 0, in the first column.
        is_given, begins: see `Shown`.

    Returns:
        Rows with "kind"; "x" and "y" in columns and lanes; "step" from 1, 0 for what is always there; "passing" for
        what is there at its own step alone; and what the kind asks for.
    """
    rows = [{"kind": "earlier" if first else "context", "step": 0, "x": -1.05, "y": 1, **_word(begins)}]
    for x, i in enumerate(range(first, min(first + _MAX_COLUMNS, len(steps)))):
        step, here = steps[i], {"step": i + 1}
        was_forced = is_given if i == 0 else steps[i - 1].forced
        fed = {"empty": True} | _word(ZERO_ROW) if step.fed is None else _word(display_token(step.fed))
        output = _word(display_token(step.token))
        rows += [
            here | {"kind": "input", "x": x, "y": 0, "forced": was_forced} | fed,
            here | {"kind": "cell", "x": x, "y": 1} | _word("LSTM"),
            here | {"kind": "output", "x": x, "y": 2, "forced": step.forced} | output,
            here | _arrow("state", x - 0.64, 1, x - 0.42, 1),
            here | _arrow("in", x, 0.34, x, 0.62),
            here | _arrow("in", x, 1.34, x, 1.62),
        ]
        if step.stop_reason is None:
            passing = here | {"passing": True}
            rows += [
                here | _arrow("feed", x + 0.4, 1.75, x + 0.62, 0.3),
                passing | _arrow("state", x + 0.4, 1, x + 0.58, 1),
                passing | {"kind": "next", "x": x + 1, "y": 0} | output,
            ]
    return rows


def so_far(steps: Sequence[DecodingStep], is_given: bool) -> list[dict]:
    """Returns the tokens of a translation with their places in lines of a fixed width, where their script is read.

    Returns:
        Rows with "step" (0 for a token that was given), "token", "forced", "x", "y", "width".
    """
    tokens = [(0, steps[0].fed, True)] if is_given else []
    tokens += [(n + 1, step.token, step.forced) for n, step in enumerate(steps)]
    places = _in_lines([display_token(token) for _, token, _ in tokens])
    return [{"step": step, "forced": forced} | place for (step, _, forced), place in zip(tokens, places, strict=True)]


def attention_data(steps: Sequence[DecodingStep], attended: AttendedSource) -> dict:
    """Returns the source "tokens", by step the "weights" of each of them, 0 to 1, and the "places" of its box.

    The places are in lines like those of `so_far`, padding with as little room as a letter and without a token. More
    tokens than can be told apart have no places, or the loop would be pushed off the screen.
    """
    tokens = [isolated(token) for token in attended.tokens]
    drawn = tokens if len(tokens) <= MAX_TOKENS else []
    places = _in_lines(["" if token == ZERO_ROW else token for token in drawn])
    weights = [step.attention.weights.astype(float).round(_WEIGHT_DIGITS).tolist() for step in steps] if tokens else []
    source, weight = text("attention.source"), text("attention.weight")
    title = weight if places else text("stepper.too_many" if tokens else "stepper.blind")
    if ZERO_ROW in drawn:
        title += f" · {text('stepper.padding')}"
    return {
        "tokens": tokens,
        "places": places,
        "lines": places[-1]["y"] + 1 if places else 0,
        "weights": weights,
        "texts": {"source": source, "weight": weight, "title": f"{'✎ ' * attended.is_changed}{title}"},
    }


def _in_lines(tokens: Sequence[str]) -> list[dict]:
    """Returns tokens with their places, "x", "y" and "width", in lines of a fixed width, where their script is read."""
    rows, line, place = [], 0, 0
    for token in tokens:
        width = math.ceil(em_width(token) / 0.6)
        if place and place + width > _LINE:
            line, place = line + 1, 0
        rows.append({"token": token, "x": place, "y": line, "width": width})
        place += width
    if any(map(has_right_to_left, tokens)):
        edge = max(row["x"] + row["width"] for row in rows)
        rows = [row | {"x": edge - row["x"] - row["width"]} for row in rows]
    return rows


def _word(token: str) -> dict:
    return {"token": token, "ems": em_width(token)}


def _arrow(kind: str, x: float, y: float, x2: float, y2: float) -> dict:
    return {"kind": kind, "x": x, "y": y, "x2": x2, "y2": y2}


def narration(
    lesson: Lesson,
    steps: Sequence[DecodingStep],
    n: int,
    attended: AttendedSource | None = None,
    is_limited: bool = False,
) -> str:
    """Says in a line what happens at step n, in one what attention adds, and in another how it goes on or why it ended.

    It `is_limited` where somebody said how many steps it may take.
    """
    step = steps[n]
    best = int(step.probabilities.argmax())
    happens = text(
        "stepper.now_forced" if step.forced else "stepper.now",
        step=n + 1,
        steps=len(steps),
        t=n,
        fed=ZERO_ROW if step.fed is None else display_token(step.fed),
        best=display_token(lesson.target_vocabulary.tokens[best]),
        p=f"{step.probabilities[best]:.1%}",
        token=display_token(step.token),
    )
    if attended is not None:
        happens += f"\n{_attention_adds(step, attended)}"
    if step.stop_reason is None:
        return f"{happens}\n{text('stepper.goes_on' if attended is None else 'stepper.goes_on_attention')}"
    ended = step.stop_reason if lesson.model.markers or is_limited else "without_eos"
    return f"{happens}\n⚑ {text(f'translate.ended_{ended}', steps=len(steps))}"


def _attention_adds(step: DecodingStep, attended: AttendedSource) -> str:
    if not attended.tokens:
        return text("stepper.blind_step")
    place = int(np.argmax(step.attention.weights))
    token, weight = isolated(attended.tokens[place]), float(step.attention.weights[place])
    return text("stepper.attends", place=place + 1, token=token, weight=f"{weight:.2f}")


# --- The picture -----------------------------------------------------------------------------------------------------


def _beside(ending: str) -> str:
    return Path(__file__).with_suffix(ending).read_text("utf-8")


_component = st.components.v2.component("stepper", html=_beside(".html"), css=_beside(".css"), js=_beside(".js"))


def draw(shown: Shown, state: TranslateState, on_pick: Callable[[int, int], None]) -> None:
    """Draws a translation; `on_pick` is called with a step, from 0, and the id of the token that is picked there."""

    def picked() -> None:  # a run that was cut short may have lost the picture, and is told that it was clicked
        if shown.can_pick and (pick := st.session_state.get(_KEY, {}).get("pick")):
            on_pick(pick["step"], pick["token_id"])

    def opened() -> None:
        if _KEY in st.session_state:
            state.shows_numbers = bool(st.session_state[_KEY].get("numbers"))

    def stepped_through() -> None:
        if _KEY in st.session_state:
            state.stepped_through = st.session_state[_KEY].get("end")

    told = {"on_pick_change": picked, "on_numbers_change": opened, "on_end_change": stepped_through}
    tour = {"tells_end": guide.is_taken()}
    data = finite(picture_data(shown, state.shows_numbers))
    _component(key=_KEY, data=data | tour, **told)


def picture_data(shown: Shown, shows_numbers: bool) -> dict:
    """Returns all that stepper.js needs; for the tables that is every probability: megabytes, of words."""
    steps, tokens_so_far = shown.steps, so_far(shown.steps, shown.is_given)
    scale, firsts = state_scale(steps, shown.context), [first_column(i) for i in range(len(steps))]
    colours = text("stepper.colours", scale=f"{scale:g}")
    attention = None if shown.attended is None else attention_data(steps, shown.attended)
    alt = text("stepper.attention_alt" if attention and attention["places"] else "stepper.loop_alt")
    states = [f"{state} {text(f'stepper.{side}')}" for state in "hc" for side in ("in", "out")]
    probabilities = [step.probabilities.astype(float).round(6).tolist() for step in steps] if shows_numbers else None
    return {
        "version": shown.version,
        "n": shown.n,
        "has_shortcuts": shown.has_shortcuts,
        "can_pick": shown.can_pick,
        "texts": {name: text(f"stepper.{name}") for name in TEXTS}
        | {"states": states, "colours": colours, "loop_alt": alt},
        "tokens": token_labels(shown.vocabulary),
        "steps": [
            {
                "narration": said,
                "first": first,
                "token_id": int(step.token_id),
                "bars": bar_rows(step, shown.vocabulary),
            }
            for step, said, first in zip(steps, shown.narrations, firsts, strict=True)
        ],
        "shows_numbers": shows_numbers,
        "probabilities": probabilities,
        "loops": {first: loop_rows(steps, first, shown.is_given, shown.begins) for first in sorted(set(firsts))},
        "columns": min(_MAX_COLUMNS, max(6, len(steps))),
        "attention": attention,
        "so_far": tokens_so_far,
        "lines": tokens_so_far[-1]["y"] + 1,
        "scale": scale,
        "dark_violet": theme.DARK_VIOLET,
        "shades": [theme.NEGATIVE, theme.ZERO, theme.POSITIVE],
    } | {name: values.tolist() for name, values in all_states(steps, shown.context).items()}
