"""What the searches looked at, as tables: the nodes of a tree or of samples, and the lines that they are drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from pages.parts.drawing.charts import boxes
from pages.parts.texts import text
from pages.parts.theme import ZERO_ROW, display_text, display_token, em_width
from pages.parts.translate.query import Query
from seq2seq.analysis.search import BeamSearch, SampledStep
from seq2seq.vocabulary import BOS

_COLUMNS = 14  # steps in a line, as many as can be told apart on a phone


def percent(log_probability: float) -> str:
    """Returns a probability to read, by its logarithm."""
    p = math.exp(log_probability)
    return f"{p:.1%}" if p >= 0.001 else f"{p:.1e}"


def tree_table(found: BeamSearch, query: Query) -> pd.DataFrame:
    """Returns the tree of a search, a row for each node and one for the first input.

    Returns:
        Where a node stands, "x" (its step) and "y" (its place from the top; -1 if it is not drawn), and its parent,
        "x0" and "y0"; "token", "p", "total", "score"; "kind": "start", "kept", "pruned" or "finished"; "best": it is
        on the way to the best hypothesis; "output": the translation up to it; "rank" of the hypothesis that it ends,
        0 if it ends none, and "stop_reason".
    """
    tokens = query.lesson.target_vocabulary.tokens
    rank = {hypothesis.node: n for n, hypothesis in enumerate(found.hypotheses, start=1)}
    stop_reason = {hypothesis.node: hypothesis.stop_reason for hypothesis in found.hypotheses}
    best, index = set(), found.hypotheses[0].node
    while index is not None:
        best.add(index)
        index = found.nodes[index].parent
    rows, output, drawn = [_start(query)], [], {}
    for index, node in enumerate(found.nodes):
        output.append((*(() if node.parent is None else output[node.parent]), node.token_id))
        y, has_lost = drawn.get(node.step, (0, False))
        if has_lost:
            y = -1  # the best of those that lost their place is enough
        else:
            drawn[node.step] = (y + 1, node.status == "pruned")
        rows.append(
            {
                **{"x": node.step, "y": y, "x0": node.step - 1},
                "y0": 0 if node.parent is None else rows[node.parent + 1]["y"],
                "token": display_token(tokens[node.token_id]),
                "p": math.exp(node.log_probability),
                **{"total": node.total, "score": node.score, "kind": node.status},
                **{"best": index in best, "rank": rank.get(index, 0), "stop_reason": stop_reason.get(index, "")},
                "output": display_text(query.output_text(output[index])),
            }
        )
    return pd.DataFrame(rows)


def samples_table(samples: Sequence[Sequence[SampledStep]], query: Query) -> pd.DataFrame:
    """Returns samples as rows like those of `tree_table`, each sample a line; "p" has the temperature in it.

    "kind" is "likeliest" where the most probable token was drawn, else "unlikelier".
    """
    tokens, rows = query.lesson.target_vocabulary.tokens, []
    for y, steps in enumerate(samples):
        rows.append(_start(query) | {"y": y, "y0": y})
        total = 0.0
        for n, step in enumerate(steps, start=1):
            total += step.log_probability
            rows.append(
                {
                    **{"x": n, "y": y, "x0": n - 1, "y0": y},
                    "token": display_token(tokens[step.token_id]),
                    "p": float(step.probabilities[step.token_id]),
                    **{"total": total, "score": total},
                    "kind": "likeliest" if step.token_id == step.probabilities.argmax() else "unlikelier",
                    **{"best": False, "rank": 0, "stop_reason": step.stop_reason or ""},
                    "output": display_text(query.output_text([other.token_id for other in steps[:n]])),
                }
            )
    return pd.DataFrame(rows)


def _start(query: Query) -> dict:
    """Returns the row of the first input."""
    fed = display_token(query.prefix) if query.prefix else BOS if query.lesson.model.markers else ZERO_ROW
    return {
        **{"x": 0, "y": 0, "x0": 0, "y0": 0, "token": fed, "p": 1.0, "total": 0.0, "score": 0.0, "kind": "start"},
        **{"best": True, "rank": 0, "stop_reason": "", "output": display_text(query.prefix)},
    }


def hypotheses_table(found: BeamSearch, query: Query) -> pd.DataFrame:
    """Returns the hypotheses of a search, the best first, with all that their score is made of."""
    return pd.DataFrame(
        [
            {
                text("search.rank"): rank,
                text("search.translation"): query.output_text(hypothesis.token_ids),
                text("search.total"): f"{hypothesis.total:.3f}",
                text("search.probability"): percent(hypothesis.total),
                text("search.length"): len(hypothesis.token_ids),
                text("search.score"): f"{hypothesis.score:.3f}",
                text("search.ended"): text(f"search.by_{hypothesis.stop_reason}"),
            }
            for rank, hypothesis in enumerate(found.hypotheses, start=1)
        ]
    )


def readable(nodes: pd.DataFrame) -> pd.DataFrame:
    """Returns the nodes as a table to read."""
    nodes = nodes[nodes["x"] > 0]
    return pd.DataFrame(
        {
            text("search.step"): nodes["x"],
            text("search.so_far"): nodes["output"],
            text("search.token"): nodes["token"],
            text("search.probability"): nodes["p"].map("{:.4f}".format),
            text("search.total"): nodes["total"].map("{:.3f}".format),
            text("search.score"): nodes["score"].map("{:.3f}".format),
            text("search.status"): nodes["kind"].map(lambda kind: text(f"search.{kind}")),
        }
    )


# --- The picture -----------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of the picture.

    Args:
        first: the step that it begins with.
        columns: steps after that.
        nodes: boxes, with their edges, see `boxes`; the words below them, "percent" and "sign", where there is room
            "long_sign"; "outline": "pruned", "ended" or "usual"; "ems": width of the token.
        arrows: from node to node, with their ends as "left", "top", "right", "bottom", and "way": "pruned", "best" or
            "usual".
    """

    first: int
    columns: int
    nodes: pd.DataFrame
    arrows: pd.DataFrame


def lines(nodes: pd.DataFrame) -> Iterator[Line]:
    """Yields the lines of some steps that nodes are drawn in. Each begins with the last step of the one before."""
    last = int(nodes["x"].max())
    columns = max(8, min(_COLUMNS, last))
    drawn = _boxes(nodes[nodes["y"] >= 0])
    arrows = _arrows(drawn[drawn["kind"] != "start"])
    for first in range(0, last, columns):
        nodes_here = drawn[drawn["x"].between(first, first + columns)]
        # On the line below a node stands without the arrow that leads to it.
        yield Line(first, columns, nodes_here, arrows[arrows["x"].between(first + 1, first + columns)])


def _boxes(nodes: pd.DataFrame) -> pd.DataFrame:
    is_end, ranks = nodes["stop_reason"] != "", nodes["rank"].map(lambda rank: str(rank or ""))
    signs = nodes["stop_reason"].map({"": "", "eos": "⚑", "length": "✂"}) + ranks
    scores = nodes["score"].map(lambda score: f" {score:.2f}".replace("-", "−"))
    return boxes(nodes, 0.8, 0.44).assign(
        status=nodes["kind"].map(lambda kind: text(f"search.{kind}")),
        percent=nodes["p"].map(lambda p: f"{p:.0%}" if p >= 0.005 else "<1%").where(nodes["kind"] != "start", ""),
        sign=signs,
        long_sign=signs + scores.where(nodes["rank"] > 0, ""),
        outline=is_end.map({True: "ended", False: "usual"}).where(nodes["kind"] != "pruned", "pruned"),
        ems=nodes["token"].map(em_width),
    )


def _arrows(nodes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "x": nodes["x"],
            "left": nodes["x0"] + 0.4,
            "right": nodes["left"],
            "top": nodes["y0"],
            "bottom": nodes["y"],
            "way": nodes["best"].map({True: "best", False: "usual"}).where(nodes["kind"] != "pruned", "pruned"),
        }
    )
