"""What the searches looked at, as tables: the nodes of a tree or of samples, and the lines that they are drawn in."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from pages.parts.drawing.tokens import ZERO_ROW, display_text, display_token, em_width
from pages.parts.texts import text
from pages.parts.translate.query import Query
from seq2seq.analysis.search import BeamSearch, SampledStep
from seq2seq.vocabulary import BOS

KINDS = ("start", "kept", "finished", "pruned", "likeliest", "unlikelier")  # of nodes
_COLUMNS = 14  # steps in a line, as many as can be told apart on a phone


def percent(log_probability: float) -> str:
    """Returns a probability to read, by its logarithm."""
    p = math.exp(log_probability)
    return f"{p:.1%}" if p >= 0.001 else f"{p:.1e}"


def tree_nodes(found: BeamSearch, query: Query) -> list[dict]:
    """Returns the tree of a search, a row for each node and one for the first input.

    Returns:
        Where a node stands, "x" (its step) and "y" (its place from the top; -1 if it is not drawn), and its parent,
        "x0" and "y0"; "token", "p", "total", "score"; "kind", see `KINDS`; "best": it is on the way to the best
        hypothesis; "output": the translation up to it; "rank" of the hypothesis that it ends, or 0, and "stop_reason".
    """
    tokens = query.lesson.target_vocabulary.tokens
    rank = {hypothesis.node: n for n, hypothesis in enumerate(found.hypotheses, start=1)}
    stop_reason = {hypothesis.node: hypothesis.stop_reason for hypothesis in found.hypotheses}
    best, index = set(), found.hypotheses[0].node
    while index is not None:
        best.add(index)
        index = found.nodes[index].parent
    rows, outputs, drawn = [_start(query)], [], {}
    for index, node in enumerate(found.nodes):
        outputs.append((*(() if node.parent is None else outputs[node.parent]), node.token_id))
        y, has_lost = drawn.get(node.step, (0, False))
        if has_lost:
            y = -1  # the best of those that lost their place is enough
        else:
            drawn[node.step] = (y + 1, node.status == "pruned")
        y0 = 0 if node.parent is None else rows[node.parent + 1]["y"]
        rows.append(
            {"x": node.step, "y": y, "x0": node.step - 1, "y0": y0, "token": display_token(tokens[node.token_id])}
            | {"p": math.exp(node.log_probability), "total": node.total, "score": node.score}
            | {"kind": node.status, "best": index in best, "output": display_text(query.output_text(outputs[index]))}
            | {"rank": rank.get(index, 0), "stop_reason": stop_reason.get(index, "")}
        )
    return rows


def sample_nodes(samples: Sequence[Sequence[SampledStep]], query: Query) -> list[dict]:
    """Returns samples as rows like those of `tree_nodes`, each sample a line; "p" has the temperature in it.

    "kind" is "likeliest" where the most probable token was drawn, else "unlikelier".
    """
    tokens, rows = query.lesson.target_vocabulary.tokens, []
    for y, steps in enumerate(samples):
        rows.append(_start(query) | {"y": y, "y0": y})
        total = 0.0
        for n, step in enumerate(steps, start=1):
            total += step.log_probability
            kind = "likeliest" if step.token_id == step.probabilities.argmax() else "unlikelier"
            output = display_text(query.output_text([other.token_id for other in steps[:n]]))
            rows.append(
                {"x": n, "y": y, "x0": n - 1, "y0": y, "token": display_token(tokens[step.token_id])}
                | {"p": float(step.probabilities[step.token_id]), "total": total, "score": total}
                | {"kind": kind, "best": False, "output": output, "rank": 0, "stop_reason": step.stop_reason or ""}
            )
    return rows


def _start(query: Query) -> dict:
    """Returns the row of the first input."""
    fed = display_token(query.prefix) if query.prefix else BOS if query.lesson.model.markers else ZERO_ROW
    first = {"x": 0, "y": 0, "x0": 0, "y0": 0, "token": fed, "p": 1.0, "total": 0.0, "score": 0.0, "kind": "start"}
    return first | {"best": True, "rank": 0, "stop_reason": "", "output": display_text(query.prefix)}


def hypotheses_table(found: BeamSearch, query: Query) -> pd.DataFrame:
    """Returns the hypotheses of a search, the best first, with all that their score is made of."""
    return pd.DataFrame(
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
    )


def readable(nodes: Sequence[dict]) -> pd.DataFrame:
    """Returns the nodes as a table to read."""
    names = _kind_names()
    return pd.DataFrame(
        {
            text("search.step"): node["x"],
            text("search.so_far"): node["output"],
            text("search.token"): node["token"],
            text("search.probability"): f"{node['p']:.4f}",
            text("search.total"): f"{node['total']:.3f}",
            text("search.score"): f"{node['score']:.3f}",
            text("search.status"): names[node["kind"]],
        }
        for node in nodes
        if node["x"] > 0
    )


def _kind_names() -> dict[str, str]:
    return {kind: text(f"search.{kind}") for kind in KINDS}


class Line(NamedTuple):
    """A line of the picture."""

    first: int  # the step that it begins with
    columns: int  # steps after that
    nodes: list[dict]  # as boxes, see `_box`
    arrows: list[dict]  # from box to box, see `_arrow`


def lines(nodes: Sequence[dict]) -> Iterator[Line]:
    """Yields the lines of some steps that nodes are drawn in. Each begins with the last step of the one before."""
    last, names = max(node["x"] for node in nodes), _kind_names()
    columns = max(8, min(_COLUMNS, last))
    boxes = [_box(node, names) for node in nodes if node["y"] >= 0]
    for first in range(0, last, columns):
        here = [box for box in boxes if first <= box["x"] <= first + columns]
        # On the line below a node stands without the arrow that leads to it.
        yield Line(first, columns, here, [_arrow(box) for box in here if box["x"] > first])


def _box(node: dict, names: dict[str, str]) -> dict:
    """Returns a node with what is to be seen of it.

    Returns:
        The node, and "left", "right", "top", "bottom" of its box; "outline": "pruned", "ended" or "usual"; "ems": the
        width of its token; "percent" and "sign", which stand below it, and "long_sign" where there is room.
    """
    is_start, p = node["kind"] == "start", node["p"]
    sign = {"": "", "eos": "⚑", "length": "✂"}[node["stop_reason"]] + str(node["rank"] or "")
    score = f" {node['score']:.2f}".replace("-", "−") if node["rank"] else ""
    return node | {
        **{"left": node["x"] - 0.4, "right": node["x"] + 0.4, "top": node["y"] - 0.22, "bottom": node["y"] + 0.22},
        "outline": "pruned" if node["kind"] == "pruned" else "ended" if node["stop_reason"] else "usual",
        "ems": em_width(node["token"]),
        "percent": "" if is_start else f"{p:.0%}" if p >= 0.005 else "<1%",
        **{"sign": sign, "long_sign": sign + score, "status": names[node["kind"]]},
    }


def _arrow(box: dict) -> dict:
    """Returns the arrow that leads to a box: its ends, and the "way" there: "pruned", "best" or "usual"."""
    way = "pruned" if box["kind"] == "pruned" else "best" if box["best"] else "usual"
    return {"left": box["x0"] + 0.4, "top": box["y0"], "right": box["left"], "bottom": box["y"], "way": way}
