"""Greedy, beam search and sampling on one sentence: what each says, and all that it looked at on the way."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts import frame, theme
from pages.parts.texts import text
from pages.parts.theme import MONOSPACE, PADDING, TARGET, ZERO_ROW
from seq2seq import Translator
from seq2seq.analysis.metrics import MAX_EVALUATED, spread_evenly
from seq2seq.analysis.search import BeamSearch, Hypothesis, SampledStep, score
from seq2seq.classroom.lessons import BEAM_EXAMPLE
from seq2seq.vocabulary import BOS

_WAYS = ("greedy", "beam", "sampling")
_SAMPLES = 5
_MAX_SEED = 2**31 - 1
_COLUMNS = 14  # steps in a line, as many as can be told apart on a phone
_ROW, _AXIS = 60, 52  # pixels; below a box there is room for two lines of numbers


def show(translator: Translator, sentence: str, prefix: str) -> None:
    """Shows how a sentence is translated by looking further than the next token, or by chance.

    Args:
        translator: of the trained model.
        sentence: the source.
        prefix: given to a model without ⟨bos⟩.
    """
    way = st.segmented_control(
        text("search.way"),
        _WAYS,
        default="beam",
        required=True,
        format_func=lambda name: text(f"search.{name}"),
        label_visibility="collapsed",
        key="search-way",
        persist_state="session",
    )
    st.caption(text(f"search.{way}_what"))
    if way == "sampling":
        _sampling(translator, sentence, prefix)
    elif way == "greedy":
        found = translator.beam_search(sentence, prefix, num_beams=1)
        _tree(found, translator, prefix, 1)
        st.markdown(_whole(found.hypotheses[0].total))
        _tree_as_table(found, translator, prefix)
    else:
        _beam(translator, sentence, prefix)


def _said(translator: Translator, prefix: str, token_ids: Sequence[int]) -> str:
    """Returns the text of what a search found, with what it was given."""
    vocabulary = translator.lesson.target_vocabulary
    return vocabulary.decode([*vocabulary.encode(prefix).tolist(), *token_ids])


def _percent(log_probability: float) -> str:
    p = math.exp(log_probability)
    return f"{p:.1%}" if p >= 0.001 else f"{p:.1e}"


def _whole(total: float) -> str:
    """Says how probable a whole translation is."""
    return text("search.whole", p=_percent(total), total=f"{total:.3f}")


# --- Beam search, and greedy as a beam of one ------------------------------------------------------------------------


def _beam(translator: Translator, sentence: str, prefix: str) -> None:
    picture = st.container()  # above what it is steered by, so that it can be seen without scrolling
    with st.container(horizontal=True, vertical_alignment="bottom"):
        num_beams = st.slider(text("search.num_beams"), 2, 5, 3, key="num-beams", width=220, persist_state="session")
        length_penalty = st.slider(
            text("search.length_penalty"),
            0.0,
            2.0,
            0.0,
            0.1,
            key="length-penalty",
            help=text("search.length_penalty_help"),
            width=220,
            persist_state="session",
        )
    found = translator.beam_search(sentence, prefix, num_beams=num_beams, length_penalty=length_penalty)
    with picture:
        _tree(found, translator, prefix, num_beams)
    _beside_each_other(translator, sentence, prefix, found.hypotheses[0], length_penalty)
    st.dataframe(
        hypotheses_table(found, translator, prefix),
        hide_index=True,
        width="stretch",
        key="hypotheses",
        alt=text("search.hypotheses_alt"),
    )
    st.caption(text("search.score_how", length_penalty=f"{length_penalty:g}"))
    _tree_as_table(found, translator, prefix)
    _finder(translator, num_beams, length_penalty)


def _tree(found: BeamSearch, translator: Translator, prefix: str, num_beams: int) -> None:
    _draw(tree_table(found, translator, prefix), num_beams + 1, text("search.tree_alt"), "tree")
    st.caption(text("search.tree_how" if num_beams > 1 else "search.greedy_how"))


def _tree_as_table(found: BeamSearch, translator: Translator, prefix: str) -> None:
    table = st.expander(text("search.tree_table"), icon=":material/table:", on_change="rerun", key="tree-numbers")
    if table.open:
        nodes = _readable(tree_table(found, translator, prefix))
        table.dataframe(nodes, hide_index=True, width="stretch", key="tree-table", alt=text("search.tree_alt"))


def tree_table(found: BeamSearch, translator: Translator, prefix: str) -> pd.DataFrame:
    """Returns the tree of a search, a row for each node and one for what is fed first.

    Returns:
        Where a node stands, "x" (its step) and "y" (its place from the top; -1 if it is not drawn), and its parent,
        "x0" and "y0"; "token", "p", "total", "score"; "kind": "start", "kept", "pruned" or "finished"; "best": it is
        on the way to the best hypothesis; "said": the translation up to it; "rank" of the hypothesis that it ends, 0
        if it ends none, and "stop_reason".
    """
    tokens = translator.lesson.target_vocabulary.tokens
    rank = {hypothesis.node: n for n, hypothesis in enumerate(found.hypotheses, start=1)}
    stop_reason = {hypothesis.node: hypothesis.stop_reason for hypothesis in found.hypotheses}
    best, index = set(), found.hypotheses[0].node
    while index is not None:
        best.add(index)
        index = found.nodes[index].parent
    rows, said, drawn = [_start(0, translator, prefix)], [], {}
    for index, node in enumerate(found.nodes):
        said.append((*(() if node.parent is None else said[node.parent]), node.token_id))
        y, has_lost = drawn.get(node.step, (0, False))
        if has_lost:
            y = -1  # the best of those that lost their place is enough
        else:
            drawn[node.step] = (y + 1, node.status == "pruned")
        y0 = 0 if node.parent is None else rows[node.parent + 1]["y"]
        rows.append(
            {"x": node.step, "y": y, "x0": node.step - 1, "y0": y0, "token": theme.display_token(tokens[node.token_id]),
             "p": math.exp(node.log_probability), "total": node.total, "score": node.score, "kind": node.status,
             "best": index in best, "rank": rank.get(index, 0), "stop_reason": stop_reason.get(index, ""),
             "said": theme.display_text(_said(translator, prefix, said[index]))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _start(y: int, translator: Translator, prefix: str) -> dict:
    """Returns the row of what is fed first."""
    fed = theme.display_token(prefix) if prefix else BOS if translator.lesson.model.markers else ZERO_ROW
    return {"x": 0, "y": y, "x0": 0, "y0": y, "token": fed, "p": 1.0, "total": 0.0, "score": 0.0, "kind": "start",
            "best": True, "rank": 0, "said": theme.display_text(prefix), "stop_reason": ""}  # fmt: skip


def hypotheses_table(found: BeamSearch, translator: Translator, prefix: str) -> pd.DataFrame:
    """Returns the hypotheses of a search, the best first, with all that their score is made of."""
    return pd.DataFrame(
        [
            {
                text("search.rank"): rank,
                text("search.translation"): _said(translator, prefix, hypothesis.token_ids),
                text("search.total"): f"{hypothesis.total:.3f}",
                text("search.probability"): _percent(hypothesis.total),
                text("search.length"): len(hypothesis.token_ids),
                text("search.score"): f"{hypothesis.score:.3f}",
                text("search.ended"): text(f"search.by_{hypothesis.stop_reason}"),
            }
            for rank, hypothesis in enumerate(found.hypotheses, start=1)
        ]
    )


def _readable(nodes: pd.DataFrame) -> pd.DataFrame:
    """Returns the tree as a table to read."""
    nodes = nodes[nodes["x"] > 0]
    return pd.DataFrame(
        {
            text("search.step"): nodes["x"],
            text("search.so_far"): nodes["said"],
            text("search.token"): nodes["token"],
            text("search.probability"): nodes["p"].map("{:.4f}".format),
            text("search.total"): nodes["total"].map("{:.3f}".format),
            text("search.score"): nodes["score"].map("{:.3f}".format),
            text("search.status"): nodes["kind"].map(_words_of_kinds()),
        }
    )


def _words_of_kinds() -> dict[str, str]:
    return {kind: text(f"search.{kind}") for kind in ("kept", "finished", "pruned", "likeliest", "unlikelier")}


def _beside_each_other(
    translator: Translator, source: str, prefix: str, best: Hypothesis, length_penalty: float
) -> None:
    """Shows the greedy translation beside the best of the beam, and says what looking further has changed."""
    (greedy,) = translator.beam_search(source, prefix, num_beams=1).hypotheses
    targets = _targets(translator).get(source, [])
    for column, name, hypothesis in zip(st.columns(2), ("greedy", "best"), (greedy, best), strict=True):
        with column.container(border=True):
            st.caption(text(f"search.{name}"))
            said = _said(translator, prefix, hypothesis.token_ids)
            st.text(said or text("translate.nothing_said"))
            mark = "" if not targets else ":green[**✓**] " if said in targets else ":orange[**✗**] "
            st.markdown(mark + _whole(hypothesis.total))
    if best.token_ids == greedy.token_ids:
        st.info(text("search.same"), icon=":material/equal:")
    elif best.total > greedy.total:
        times = f"{math.exp(min(700, best.total - greedy.total)):,.3g}"
        st.info(text("search.more", times=times), icon=":material/trending_up:")
    elif best.score > score(greedy.total, len(greedy.token_ids), length_penalty):
        st.info(text("search.longer"), icon=":material/straighten:")
    else:
        st.info(text("search.lost"), icon=":material/trending_down:")


def _targets(translator: Translator) -> dict[str, list[str]]:
    """Returns source → its translations in the lesson."""
    targets = {}
    for source, target in translator.lesson.pairs:
        targets.setdefault(source, []).append(target)
    return targets


# --- Where looking further helps -------------------------------------------------------------------------------------


def _finder(translator: Translator, num_beams: int, length_penalty: float) -> None:
    """Offers to search the lesson for sentences on which the beam's best is not the greedy translation."""
    st.subheader(text("search.finder_title"), anchor=False)
    lesson, epoch = BEAM_EXAMPLE
    st.caption(text("search.finder_how", lesson=text(f"lesson.{lesson}"), epoch=epoch))
    asked = (translator.weights, num_beams, length_penalty)
    if st.button(text("search.find"), icon=":material/search:"):
        st.session_state["further"] = (*asked, differing(translator, num_beams, length_penalty))
    *of, found = st.session_state.get("further", (None,) * 4)
    if of[0] is not asked[0] or of[1:] != list(asked[1:]):  # of another model, or other settings
        return
    searched = len(_searched(translator))
    right = {way: sum(row[way] in row["targets"] for row in found) for way in ("greedy", "beam")}
    st.markdown(
        text("search.finder_found", found=len(found), searched=searched, all=f"{len(_targets(translator)):,}", **right)
    )
    if not found:
        frame.link("train", text("search.finder_none"))
        return
    st.dataframe(
        pd.DataFrame(
            {text("search.source"): row["source"]}
            | {text(f"search.{way}"): f"{'✓' if row[way] in row['targets'] else '✗'} {row[way]}" for way in right}
            | {text("search.table_says"): " / ".join(row["targets"])}
            for row in found
        ),
        hide_index=True,
        width="stretch",
        key="further-table",
        alt=text("search.finder_title"),
    )

    def look() -> None:
        st.session_state["sentence"] = st.session_state["look-at-sentence"]
        st.session_state["look-at-sentence"] = None

    st.selectbox(
        text("search.finder_look"),
        [row["source"] for row in found],
        index=None,
        format_func=theme.display_text,
        placeholder=text("search.choose"),
        key="look-at-sentence",
        on_change=look,
    )


def _searched(translator: Translator) -> list[str]:
    """Returns the sentences to search: all sources of the lesson, or some spread evenly over it."""
    sources = list(_targets(translator))
    return [sources[n] for n in spread_evenly(np.arange(len(sources)), MAX_EVALUATED)]


def differing(translator: Translator, num_beams: int, length_penalty: float) -> list[dict]:
    """Returns the sentences on which beam search says something else than greedy; shows how far it is.

    Returns:
        "source", what each way says as "greedy" and "beam", and the "targets" of the lesson; where the beam is right
        first, then where greedy is.
    """
    sources, targets, found = _searched(translator), _targets(translator), []
    bar = st.progress(0.0)
    for n, source in enumerate(sources, start=1):
        prefix = translator.lesson.prefix(targets[source][0])
        greedy = translator.beam_search(source, prefix, num_beams=1).hypotheses[0]
        beam = translator.beam_search(source, prefix, num_beams=num_beams, length_penalty=length_penalty).hypotheses[0]
        if greedy.token_ids != beam.token_ids:
            ways = {"greedy": greedy, "beam": beam}
            said = {way: _said(translator, prefix, hypothesis.token_ids) for way, hypothesis in ways.items()}
            found.append({"source": source, "targets": targets[source]} | said)
        bar.progress(n / len(sources), text("search.finder_progress", done=n, searched=len(sources), found=len(found)))
    bar.empty()
    return sorted(found, key=lambda row: (row["beam"] not in row["targets"], row["greedy"] not in row["targets"]))


# --- Sampling --------------------------------------------------------------------------------------------------------


def _sampling(translator: Translator, sentence: str, prefix: str) -> None:
    def other_seed() -> None:
        st.session_state["sampling-seed"] = (seed + _SAMPLES) % _MAX_SEED  # none of these samples comes again

    picture = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = st.slider(
            text("search.temperature"),
            0.1,
            2.0,
            1.0,
            0.1,
            key="temperature",
            help=text("search.temperature_help"),
            width=220,
            persist_state="session",
        )
        seed = st.number_input(
            text("search.seed"), 0, _MAX_SEED, 0, key="sampling-seed", width=150, persist_state="session"
        )
        st.button(text("search.new_seed"), icon=":material/casino:", on_click=other_seed)
    samples = {
        seed + n: list(translator.sample(sentence, prefix, temperature=temperature, seed=seed + n))
        for n in range(_SAMPLES)
    }
    nodes = samples_table(list(samples.values()), translator, prefix)
    with picture:
        _draw(nodes, _SAMPLES, text("search.samples_alt"), "samples")
        st.caption(text("search.samples_how"))
    (greedy,) = translator.beam_search(sentence, prefix, num_beams=1).hypotheses
    greedy_says, targets = _said(translator, prefix, greedy.token_ids), _targets(translator).get(sentence, [])
    rows = []
    for sample_seed, steps in samples.items():
        said, total = (
            _said(translator, prefix, [step.token_id for step in steps]),
            sum(step.log_probability for step in steps),
        )
        rows.append(
            {
                text("search.seed"): sample_seed,
                text("search.translation"): said,
                text("search.probability"): _percent(total),
                text("search.total"): f"{total:.3f}",
                text("search.length"): len(steps),
                text("search.ended"): text(f"search.by_{steps[-1].stop_reason}"),
                text("search.as_greedy"): "✓" if said == greedy_says else "",
            }
            | ({text("search.as_table"): "✓" if said in targets else "✗"} if targets else {})
        )
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, width="stretch", key="samples-said", alt=text("search.samples_alt")
    )
    st.caption(text("search.samples_probability", p=_percent(greedy.total)))
    table = st.expander(text("search.samples_table"), icon=":material/table:", on_change="rerun", key="samples-numbers")
    if table.open:
        table.dataframe(
            _readable(nodes), hide_index=True, width="stretch", key="samples-table", alt=text("search.samples_alt")
        )


def samples_table(samples: Sequence[Sequence[SampledStep]], translator: Translator, prefix: str) -> pd.DataFrame:
    """Returns samples as rows like those of `tree_table`, each sample a line; "p" has the temperature in it.

    "kind" is "likeliest" where the most probable token was drawn, else "unlikelier".
    """
    tokens, rows = translator.lesson.target_vocabulary.tokens, []
    for y, steps in enumerate(samples):
        rows.append(_start(y, translator, prefix))
        total = 0.0
        for n, step in enumerate(steps, start=1):
            total += step.log_probability
            said = _said(translator, prefix, [other.token_id for other in steps[:n]])
            kind = "likeliest" if step.token_id == step.probabilities.argmax() else "unlikelier"
            rows.append(
                {"x": n, "y": y, "x0": n - 1, "y0": y, "token": theme.display_token(tokens[step.token_id]),
                 "p": float(step.probabilities[step.token_id]), "total": total, "score": total, "kind": kind,
                 "best": False, "rank": 0, "said": theme.display_text(said), "stop_reason": step.stop_reason or ""}
            )  # fmt: skip
    return pd.DataFrame(rows)


# --- The picture -----------------------------------------------------------------------------------------------------


def _draw(nodes: pd.DataFrame, rows: int, alt: str, key: str) -> None:
    """Draws the nodes over time, in lines of some steps. Each line begins with the last step of the one before."""
    last = int(nodes["x"].max())
    columns = max(8, min(_COLUMNS, last))
    nodes = nodes[nodes["y"] >= 0].assign(
        what=nodes["kind"].map(_words_of_kinds() | {"start": text("search.start")}),
        percent=nodes["p"].map(lambda p: f"{p:.0%}" if p >= 0.005 else "<1%").where(nodes["kind"] != "start", ""),
        ems=nodes["token"].map(lambda token: sum(1 if unicodedata.east_asian_width(c) in "WF" else 0.6 for c in token)),
    )
    words = tuple(
        text(f"search.{name}") for name in ("step", "token", "probability", "total", "score", "so_far", "status")
    )
    for first in range(0, last, columns):
        line = nodes[nodes["x"].between(first, first + columns)]
        # On the line below a node stands without the arrow that leads to it.
        line = line.assign(x0=line["x0"].where(line["x"] > first), y0=line["y0"].where(line["x"] > first))
        spec = _spec(first, columns, rows, theme.ink(), theme.type_size(), words)
        st.vega_lite_chart(line, spec, width="stretch", key=f"{key}-{first}", alt=alt)


@st.cache_data(max_entries=64)
def _spec(first: int, columns: int, rows: int, ink: str, type_size: float, words: tuple[str, ...]) -> dict:
    """Returns the specification of one line without its data.

    Args:
        first: the step that it begins with.
        columns: steps after that.
        rows: places below each other.
        ink, type_size: of texts.
        words: step, token, probability, sum, score, so far, status.
    """
    step, token, probability, total, score_word, so_far, status = words
    x = {"type": "quantitative", "scale": {"domain": [first - 0.5, first + columns + 0.5], "nice": False}}
    y = {"type": "quantitative", "scale": {"domain": [rows - 0.4, -0.5], "nice": False}, "axis": None}
    axis = {"orient": "top", "values": list(range(max(1, first), first + columns + 1)), "format": "d", "grid": False}
    axis |= {"domain": False, "ticks": False, "titlePadding": 2, "labelPadding": 0}
    column = f"(width / {columns + 1})"
    lost, ended = "datum.kind == 'pruned'", "datum.stop_reason != ''"
    outlined = f"({lost} || datum.kind == 'start' || datum.kind == 'unlikelier')"
    here = {"x": x | {"field": "x"}, "y": y | {"field": "y"}}
    colour = {"condition": {"test": lost, "value": "#808080"}, "value": ink}
    tooltip = [
        {"field": "x", "title": step},
        {"field": "said", "title": so_far},
        {"field": "token", "title": token},
        {"field": "p", "title": probability, "format": ".4f"},
        {"field": "total", "title": total, "format": ".3f"},
        {"field": "score", "title": score_word, "format": ".3f"},
        {"field": "what", "title": status},
    ]
    sign = "(datum.stop_reason == 'eos' ? '⚑' : '✂') + (datum.rank ? datum.rank : '')"
    return {
        "height": round((_ROW * rows + _AXIS) * type_size),
        "config": {"view": {"stroke": None}},
        "transform": [
            {"calculate": "datum.x0 + 0.4", "as": "from"},
            {"calculate": "datum.x - 0.4", "as": "left"},
            {"calculate": "datum.x + 0.4", "as": "right"},
            {"calculate": "datum.y - 0.22", "as": "top"},
            {"calculate": "datum.y + 0.22", "as": "bottom"},
        ],
        "layer": [
            {
                "transform": [{"filter": "isValid(datum.x0)"}],
                "mark": {"type": "rule", "clip": True, "strokeCap": "round"}
                | {"color": {"expr": f"{lost} ? '{PADDING}' : datum.best ? '{TARGET}' : '{ink}'"}}
                | {"strokeWidth": {"expr": f"{lost} ? 1 : datum.best ? 5 : 1.5"}}
                | {"strokeDash": {"expr": f"{lost} ? [3, 3] : [1, 0]"}},
                "encoding": {
                    "x": x | {"field": "from"}, "y": y | {"field": "y0"}, "x2": {"field": "left"}, "y2": {"field": "y"},
                },
            },
            {
                "mark": {"type": "rect", "cornerRadius": 4}
                | {"fill": {"expr": f"{outlined} ? 'transparent' : '{TARGET}'"}}
                | {"stroke": {"expr": f"{lost} ? '{PADDING}' : {ended} ? '{ink}' : '{TARGET}'"}}
                | {"strokeWidth": {"expr": f"{lost} ? 1 : {ended} ? 3 : 2"}}
                | {"strokeDash": {"expr": f"{lost} ? [3, 3] : [1, 0]"}},
                "encoding": {
                    "x": x | {"field": "left", "axis": axis, "title": step}, "x2": {"field": "right"},
                    "y": y | {"field": "top"}, "y2": {"field": "bottom"}, "tooltip": tooltip,
                },
            },
            {
                "mark": {"type": "text", "font": MONOSPACE, "text": {"expr": "datum.token"}}
                | {"fontSize": {"expr": f"max(6, min({17 * type_size}, 0.74 * {column} / datum.ems))"}}
                | {"limit": {"expr": f"0.78 * {column}"}},
                "encoding": here | {"color": colour | {"condition": [
                    {"test": lost, "value": "#808080"}, {"test": outlined, "value": ink},
                ], "value": "black"}},
            },
            {
                "mark": {"type": "text", "dy": 21 * type_size, "text": {"expr": "datum.percent"}}
                | {"fontSize": {"expr": f"max(8, min({12 * type_size}, {column} / 3.2))"}},
                "encoding": here | {"color": colour},
            },
            {
                "transform": [{"filter": ended}],
                "mark": {"type": "text", "dy": 34 * type_size, "fontWeight": "bold"}
                | {"fontSize": {"expr": f"max(9, min({12 * type_size}, {column} / 4))"}}
                | {"text": {"expr": f"{sign} + (datum.rank && {column} > 44 ? ' ' + format(datum.score, '.2f') : '')"}},
                "encoding": here | {"color": colour},
            },
        ],
    }  # fmt: skip
