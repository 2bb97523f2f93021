"""Beam search and sampling: other ways than greedy to choose from what the decoder finds probable.

Both drive a *step function* and know nothing else of the model, so that a test can drive them with a made-up one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from seq2seq.cell import softmax

# (the token fed to each decoder, its state before) -> (log probabilities of every token as the next one: (decoders,
# tokens), each decoder's state after). All decoders of a beam are asked at once, because one large product is faster
# than several small ones. `batched.next_tokens` is one.
StepFunction = Callable[[Sequence[int], Sequence[Any]], tuple[np.ndarray, Sequence[Any]]]


class SearchStart(NamedTuple):
    """Where a search begins, and all that it knows of the model."""

    step: StepFunction
    fed_id: int  # the token that is fed first
    state: Any  # the decoder's state before it
    max_new_tokens: int  # after so many tokens a hypothesis is cut off
    eos_id: int | None  # the token that ends one; None if there is none


@dataclass(frozen=True)
class Node:
    """A token in the tree of a beam search; the tokens on the way to it are the hypothesis that it ends.

    Args:
        token_id: the token.
        parent: index of the node before it, None for a first token.
        step: how many tokens the hypothesis has up to here, from 1.
        log_probability: of this token after those before it.
        total: the sum of the log probabilities up to here.
        score: what decides; see `score`.
        status: "kept": it won a place in the beam; "finished": it won a place and is ⟨eos⟩; "pruned": it won none.
    """

    token_id: int
    parent: int | None
    step: int
    log_probability: float
    total: float
    score: float
    status: str


@dataclass(frozen=True)
class Hypothesis:
    """A whole translation that a search found.

    Args:
        token_ids: its tokens, ⟨eos⟩ included.
        total: the sum of their log probabilities; `exp(total)` is the probability of the translation.
        score: what decides; see `score`.
        stop_reason: "eos", or "length" when it was cut off.
        node: index of its last token in the tree.
    """

    token_ids: tuple[int, ...]
    total: float
    score: float
    stop_reason: str
    node: int


@dataclass(frozen=True)
class BeamSearch:
    """What a beam search found, and everything that it looked at on the way.

    Args:
        nodes: the tree, step by step and within a step the best first.
        hypotheses: the finished translations, and those cut off at the limit; the best first.
    """

    nodes: tuple[Node, ...]
    hypotheses: tuple[Hypothesis, ...]


def score(total: float, length: int, length_penalty: float) -> float:
    """Returns what hypotheses are compared by: the sum of log probabilities / length ** length_penalty.

    Every further token makes the sum smaller, so a sum alone prefers short translations. 0 compares by the sum, that
    is by the probability of the whole; 1 by the mean of a token; more prefers longer ones.

    Source: as in Hugging Face's `generate`. Wu et al. 2016, section 7, divide by ((5 + length) / 6) ** alpha.

    Args:
        total: the sum of the tokens' log probabilities.
        length: how many tokens these are, ⟨eos⟩ included.
        length_penalty: the exponent.
    """
    return total / length**length_penalty


def beam_search(start: SearchStart, num_beams: int, length_penalty: float = 0.0) -> BeamSearch:
    """Looks for the best-scored translation with several hypotheses at once, rather than the most probable token.

    The beam has `num_beams` places. At each step every unfinished hypothesis in it is extended by every token; of all
    these and all that are finished, the best take the places. The search ends when every place is taken by a finished
    hypothesis, or at the limit. One place is the greedy search.

    Source: Sutskever et al. 2014, section 3.2; that what is finished competes on, Graves 2012, algorithm 1.

    Args:
        start: where it begins, and the model.
        num_beams: places in the beam.
        length_penalty: see `score`.

    Returns:
        The tree and the hypotheses. Of each hypothesis' extensions the tree has the `num_beams` best, since no other
        can win a place, and the next one.

    Raises:
        ValueError: `num_beams` or the limit is less than 1.
    """
    if num_beams < 1 or start.max_new_tokens < 1:
        raise ValueError(f"num_beams and max_new_tokens must be at least 1, not {num_beams} and {start.max_new_tokens}")
    nodes, finished, unfinished = [], [], [None]  # indices of nodes; the first hypothesis has no token yet
    fed, states = [start.fed_id], [start.state]  # of the unfinished
    for _ in range(start.max_new_tokens):
        log_probabilities, states = start.step(fed, states)  # (unfinished, tokens)
        extensions = _extensions(nodes, unfinished, log_probabilities, num_beams + 1, length_penalty)
        rivals, unfinished, extended = [nodes[index].score for index in finished], [], []
        for rank, (node, n) in enumerate(extensions):
            if rank + sum(rival >= node.score for rival in rivals) >= num_beams:
                nodes.append(node)
            elif node.token_id == start.eos_id:
                finished.append(len(nodes))
                nodes.append(replace(node, status="finished"))
            else:
                unfinished.append(len(nodes))
                extended.append(n)
                nodes.append(replace(node, status="kept"))
        fed, states = [nodes[index].token_id for index in unfinished], [states[n] for n in extended]
        if not unfinished:
            break
    hypotheses = [_hypothesis(nodes, index, "eos") for index in finished]
    hypotheses += [_hypothesis(nodes, index, "length") for index in unfinished]
    return BeamSearch(tuple(nodes), tuple(sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)))


def _extensions(
    nodes: Sequence[Node],
    parents: Sequence[int | None],
    log_probabilities: np.ndarray,
    most: int,
    length_penalty: float,
) -> list[tuple[Node, int]]:
    """Returns the most probable tokens after each parent, with which parent it is, from 0; the best-scored first."""
    extensions = []
    for n, index in enumerate(parents):
        total_before, step = (0.0, 1) if index is None else (nodes[index].total, nodes[index].step + 1)
        for token_id in np.argsort(-log_probabilities[n], kind="stable")[:most].tolist():
            log_probability = float(log_probabilities[n, token_id])
            total = total_before + log_probability
            if total > -math.inf:  # what is impossible is no hypothesis
                node = Node(token_id, index, step, log_probability, total, score(total, step, length_penalty), "pruned")
                extensions.append((node, n))
    return sorted(extensions, key=lambda extension: -extension[0].score)  # stable: equals stay in the beam's order


def _hypothesis(nodes: Sequence[Node], index: int, stop_reason: str) -> Hypothesis:
    end, token_ids, place = nodes[index], [], index
    while place is not None:
        token_ids.append(nodes[place].token_id)
        place = nodes[place].parent
    return Hypothesis(tuple(reversed(token_ids)), end.total, end.score, stop_reason, index)


@dataclass(frozen=True)
class SampledStep:
    """One turn of the decoding loop when the next token is drawn.

    Args:
        fed_id: the token that went in.
        token_id: the token that was drawn.
        probabilities: (tokens,), what it was drawn by: the temperature is in them.
        log_probability: the token's in the model itself, without the temperature.
        stop_reason: on the last step "eos" or "length"; before it None.
    """

    fed_id: int
    token_id: int
    probabilities: np.ndarray
    log_probability: float
    stop_reason: str | None = None


def sample(start: SearchStart, temperature: float = 1.0, seed: int = 0) -> Iterator[SampledStep]:
    """Draws each next token by its probability, rather than the most probable one.

    Source of the temperature: Ackley, Hinton and Sejnowski 1985.

    Args:
        start: where it begins, and the model.
        temperature: what the log probabilities are divided by. 1 leaves them; lower ones bring out the most probable
            tokens, so that it comes near to greedy; higher ones level them.
        seed: of the draws; the same seed draws the same.

    Yields:
        One step per token; the last says why it ended.

    Raises:
        ValueError: the temperature is not positive. 0 would divide by zero; greedy is a beam of one.
    """
    if not 0 < temperature < math.inf:  # also refuses NaN
        raise ValueError(f"temperature must be positive, not {temperature}; for greedy search use num_beams=1")
    rng = np.random.default_rng(seed)
    fed_id, state = start.fed_id, start.state
    for length in range(1, start.max_new_tokens + 1):
        (log_probabilities,), (state,) = start.step([fed_id], [state])  # (tokens,)
        probabilities = softmax((log_probabilities - log_probabilities.max()) / temperature)
        token_id = int(rng.choice(len(probabilities), p=probabilities))
        stop_reason = "eos" if token_id == start.eos_id else "length" if length == start.max_new_tokens else None
        yield SampledStep(fed_id, token_id, probabilities, float(log_probabilities[token_id]), stop_reason)
        if stop_reason:
            return
        fed_id = token_id
