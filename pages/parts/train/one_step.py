"""What one update changes: how wrong the model is at each step, how that goes back, and what an update makes of it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.drawing.charts import draw
from pages.parts.drawing.choosing import MAX_LISTED, switch, table_behind
from pages.parts.drawing.tokens import ZERO_ROW, display_text, display_token
from pages.parts.state import TrainState, bound
from pages.parts.texts import text
from pages.parts.theme import Theme
from pages.parts.train.curves import comparable
from pages.parts.train.one_step_charts import difference_map, slopes, way_back_chart
from seq2seq import Lesson, TrainingState, Translator
from seq2seq.analysis.gradients import Forward, Gradients, backward, forward
from seq2seq.analysis.metrics import sentences_at_once, spread_evenly
from seq2seq.analysis.optimizer import gradient_norm, take_step
from seq2seq.classroom.memory import parameters
from seq2seq.classroom.run import Run
from seq2seq.vocabulary import PAD_ID, Vocabulary

VIEWS = ("difference", "way_back", "update")
_TOKENS = 24  # columns of the heat map, as many as can be told apart on a phone
_OTHERS = 100  # other pairs whose loss is compared
_STEPS = 100  # rows of it
_FACTORS = (1, 10)  # times the learning rate
_PARAMETERS = 4_000_000  # of a model; gradient and weights of a larger one would take the memory of a class


def section(run: Run, learning_rate: float, page: TrainState, theme: Theme) -> None:
    """Offers what one update changes, while a run is at rest; the learning rate is that which it would go on with."""
    if (behind := table_behind("one_step", text("one_step.title"))) is None:
        return
    state = run.state  # once: it may be another one at any moment
    with behind:
        if run.is_active or not state.is_finite:
            st.caption(text("one_step.pause" if run.is_active else "one_step.not_finite"))
            return
        if parameters(state.lesson) > _PARAMETERS:
            st.caption(text("one_step.too_large", parameters=f"{parameters(state.lesson):,}", most=f"{_PARAMETERS:,}"))
            return
        row = _choose_pair(state.lesson, page)
        views = {name: text(f"one_step.view_{name}") for name in VIEWS}
        switch(text("one_step.view"), views, page, "step_view")
        done = forward(state, [row])
        if not done.is_scored.any():
            st.caption(text("one_step.nothing"))
            return
        gradients = backward(state, done)
        if page.step_view == "difference":
            _show_difference(state.lesson, done, gradients, theme)
        elif page.step_view == "way_back":
            _show_way_back(state.lesson, done, gradients, theme)
        else:
            _show_update(state, row, gradients, learning_rate, theme)


def _choose_pair(lesson: Lesson, page: TrainState) -> int:
    """Offers the pairs that the model is trained on; returns the row of the chosen one."""
    rows = spread_evenly(lesson.training_rows, MAX_LISTED).tolist()
    if page.step_row not in rows:
        page.step_row = rows[0]
    st.selectbox(
        text("one_step.pair"),
        rows,
        format_func=lambda n: f"[{n}] {' → '.join(map(display_text, lesson.pairs[n]))}",
        **bound(page, "step_row", options=rows),
    )
    return page.step_row


def _labels(vocabulary: Vocabulary, ids: np.ndarray) -> list[str]:
    return [ZERO_ROW if i == PAD_ID else display_token(vocabulary.tokens[i]) for i in ids]


# --- p − y -----------------------------------------------------------------------------------------------------------


def _show_difference(lesson: Lesson, done: Forward, gradients: Gradients, theme: Theme) -> None:
    table, rows = difference_tables(lesson, done, gradients)
    st.caption(text("one_step.difference", steps=len(rows)))
    if (done.ids.decoder_targets[done.is_scored] == PAD_ID).any():
        st.caption(text("one_step.difference_padding", zero=ZERO_ROW))
    if (shown := table["token"].nunique()) < (tokens := len(lesson.target_vocabulary)):
        st.caption(text("one_step.only_tokens", shown=shown, all=f"{tokens:,}"))
    if len(rows) > _STEPS:
        st.caption(text("one_step.only_steps", shown=_STEPS, all=len(rows)))
    spec = difference_map(theme, min(_STEPS, len(rows)))
    draw(spec, {"boxes": table}, key="one-step-difference", alt=text("one_step.alt"))
    heads = {name: text(f"one_step.{name}") for name in rows}
    st.dataframe(rows.rename(columns=heads).style.format(precision=4), hide_index=True, placeholder="–")


def difference_tables(lesson: Lesson, done: Forward, gradients: Gradients) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the boxes of the heat map of one pair, and its time steps as rows.

    Returns:
        A row for each "time_step" that counts, of the first ones, and each "token" drawn, those with the largest
        differences: "p", "y" and "difference". And a row for every time step that counts.
    """
    vocabulary, is_scored = lesson.target_vocabulary, done.is_scored[0]
    inputs, targets = done.ids.decoder_inputs[0][is_scored], done.ids.decoder_targets[0][is_scored]  # (steps,)
    probabilities, differences = done.probabilities[0][is_scored], gradients.differences[0][is_scored]
    labels = [f"{t} {label}" for t, label in enumerate(_labels(vocabulary, targets))]
    largest = np.abs(differences).max(axis=0, initial=0)  # (target tokens,)
    drawn = np.sort(np.argsort(-largest, kind="stable")[:_TOKENS])
    names = _labels(vocabulary, drawn)  # ␣ may be the space, and may have been typed
    columns = {i: f"{name} {i}" if names.count(name) > 1 else name for i, name in zip(drawn, names, strict=True)}
    boxes = [
        {"time_step": label, "token": token, "p": float(p[i]), "y": float(i == target), "difference": float(p_y[i])}
        for label, target, p, p_y in list(zip(labels, targets, probabilities, differences, strict=True))[:_STEPS]
        for i, token in columns.items()
    ]
    of_target = np.where(targets == PAD_ID, np.nan, probabilities[np.arange(len(targets)), targets])
    rows = {
        "time_step": range(len(targets)),
        "input": _labels(vocabulary, inputs),
        "right_token": _labels(vocabulary, targets),
        "p_right": of_target,
        "difference_right": of_target - 1,
        "likeliest": _labels(vocabulary, probabilities.argmax(axis=1)),
        "p_likeliest": probabilities.max(axis=1),
        "sum": differences.sum(axis=1).round(4) + 0.0,  # no −0
    }
    return pd.DataFrame(boxes, columns=["time_step", "token", "p", "y", "difference"]), pd.DataFrame(rows)


# --- The way back ----------------------------------------------------------------------------------------------------


def _show_way_back(lesson: Lesson, done: Forward, gradients: Gradients, theme: Theme) -> None:
    st.caption(text("one_step.way_back"))
    if lesson.model.bidirectional:
        st.caption(text("one_step.way_back_both"))
    if lesson.model.attention != "none":
        st.caption(text("one_step.way_back_attention"))
    points = way_back_table(lesson, done, gradients)
    sides = {side: text(f"model.{side}") for side in points["side"].unique()}
    points["side"] = points["side"].map(sides)
    spec = way_back_chart(tuple(sides.values()), theme)
    draw(spec, {"points": points}, key="one-step-way-back", alt=text("one_step.way_back_alt"))
    norm, clip_norm = gradient_norm(gradients.weights), lesson.training.clip_norm
    is_clipped = 0 < clip_norm < norm
    st.caption(text("one_step.clipped" if is_clipped else "one_step.norm", norm=f"{norm:#.3g}", clip=f"{clip_norm:g}"))
    rows = []
    for name, values in gradients.weights.items():
        layer, _, part = name.rpartition("_")
        rows.append(
            {
                text("one_step.weights"): f"{text(f'model.{layer}')}: {text(f'model.{part}')}",
                text("one_step.shape"): str(values.shape),
                text("one_step.length"): f"{gradient_norm({name: values}):#.3g}",
            }
        )
    of_steps, of_weights = st.columns([2, 3])
    heads = {"side": text("model.layer"), "time_step": text("one_step.chain_step"), "norm": "‖∂L/∂h‖"}
    shown = points.assign(norm=points["norm"].map("{:#.3g}".format)).rename(columns=heads)
    of_steps.dataframe(shown, hide_index=True)
    of_weights.dataframe(pd.DataFrame(rows), hide_index=True)


def way_back_table(lesson: Lesson, done: Forward, gradients: Gradients) -> pd.DataFrame:
    """Returns a row for each time step of encoder and decoder to which something comes back.

    Its "side", the name of an LSTM; "time_step", counted from the first source token on, with its input; and the "norm"
    of ∂L/∂h there.
    """
    is_read, is_scored = done.encoder[0].is_read[0], done.is_scored[0]
    inputs = _labels(lesson.source_vocabulary, done.ids.encoder_inputs[0][is_read])
    outputs = _labels(lesson.target_vocabulary, done.ids.decoder_inputs[0][is_scored])
    steps = [f"{t} {token}" for t, token in enumerate([*inputs, *outputs])]
    encoder, decoder = steps[: len(inputs)], steps[len(inputs) :]
    rows = [("decoder", *row) for row in zip(decoder, gradients.decoder_h[0][is_scored], strict=True)]
    for reading, norms in reversed(list(zip(done.encoder, gradients.encoder_h, strict=True))):
        rows = [(reading.prefix, *row) for row in zip(encoder, norms[0][is_read], strict=True)] + rows
    return pd.DataFrame([row for row in rows if row[-1] > 0], columns=["side", "time_step", "norm"])


# --- One update ------------------------------------------------------------------------------------------------------


def _show_update(state: TrainingState, row: int, gradients: Gradients, learning_rate: float, theme: Theme) -> None:
    lesson, rates = state.lesson, [factor * learning_rate for factor in _FACTORS]
    all_others = lesson.training_rows[lesson.training_rows != row]
    others = spread_evenly(all_others, min(_OTHERS, sentences_at_once(Translator(state))))
    st.caption(text("one_step.update", step=f"{state.step:,}"))
    if len(others) < len(all_others):
        st.caption(text("one_step.sample", shown=len(others), all=f"{len(all_others):,}"))
    before, *after = losses(state, [row, *others], gradients, rates)
    _, title = comparable("loss", {lesson.model.mask_padding}, theme)
    names = [" → ".join(map(display_text, lesson.pairs[n])) for n in (row, *others)]
    for n, (column, rate, then) in enumerate(zip(st.columns(len(rates)), rates, after, strict=True)):
        column.markdown(_result(rate, before, then))
        table = slopes_table(names, before, then, theme)
        lowest, highest = np.min([before, *after]), np.max([before, *after])
        spec = slopes(theme, title, (max(1e-6, float(lowest)), max(1e-5, float(highest))))
        label = text("one_step.update_alt", rate=f"{rate:g}")
        draw(spec, {"lines": table}, key=f"one-step-update-{n}", alt=label, where=column)
    columns = {text("one_step.before"): before}
    columns |= {text("one_step.at_rate", rate=f"{rate:g}"): then for rate, then in zip(rates, after, strict=True)}
    table = pd.DataFrame({text("choosing.pair"): names} | columns)
    st.dataframe(table.style.format(precision=4), hide_index=True)


def losses(state: TrainingState, rows: Sequence[int], gradients: Gradients, rates: Sequence[float]) -> list[np.ndarray]:
    """Returns the loss of some pairs, (pairs,): before an update, and after one at each of some learning rates."""
    # One after the other: each has weights of its own.
    after = [forward(take_step(state, gradients.weights, rate), rows).losses for rate in rates]
    return [forward(state, rows).losses, *after]


def _result(rate: float, before: np.ndarray, after: np.ndarray) -> str:
    """Says what became of the first pair's loss and of the others'."""
    values = {"rate": f"{rate:g}", "before": f"{before[0]:.3f}", "after": f"{after[0]:.3f}"}
    if len(before) == 1:
        return text("one_step.result_alone", **values)
    values |= {"others": len(before) - 1, "worse": int((after[1:] > before[1:]).sum())}
    values |= {"mean_before": f"{before[1:].mean():.3f}", "mean_after": f"{after[1:].mean():.3f}"}
    return text("one_step.result", **values)


def slopes_table(names: Sequence[str], before: np.ndarray, after: np.ndarray, theme: Theme) -> pd.DataFrame:
    """Returns the two ends of a line for each pair, the first being "this" one, and of one for the others' mean."""
    lines = [("this", names[0], before[0], after[0])]
    if len(names) > 1:
        lines += [("others", *line) for line in zip(names[1:], before[1:], after[1:], strict=True)]
        lines.append(("mean", theme.text("one_step.mean"), before[1:].mean(), after[1:].mean()))
    rows = [
        {"line": n, "kind": theme.text(f"one_step.{kind}"), "pair": name, "when": theme.text(f"one_step.{when}")}
        | {"loss": float(loss)}
        for n, (kind, name, *ends) in enumerate(lines)
        for when, loss in zip(("before", "after"), ends, strict=True)
        if loss > 0  # a target of one token, without markers, leaves nothing to say
    ]
    return pd.DataFrame(rows, columns=["line", "kind", "pair", "when", "loss"])
