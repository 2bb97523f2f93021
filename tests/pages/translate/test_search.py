"""The section on other searches than greedy: what is shown is what was searched."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pages.parts.drawing.tokens import ZERO_ROW
from pages.parts.translate.query import Query
from pages.parts.translate.search.finder import differing
from pages.parts.translate.search.tables import lines, percent, sample_nodes, tree_nodes
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingState, Translator
from seq2seq.limits import MAX_EVALUATED
from tests.pages.app import (
    TEXTS,
    chart_tables,
    checked,
    choose,
    click,
    links,
    open_section,
    plain_texts,
    shows,
    table_with,
)

HALF_TRAINED = 15  # an epoch of `trained` that is kept, and not sure of itself


def output(translator, token_ids):
    return translator.lesson.target_vocabulary.decode(token_ids)


# --- Beam search and greedy ------------------------------------------------------------------------------------------


def test_the_hypotheses_are_those_of_the_search(trained):
    state = trained.at(HALF_TRAINED)
    app = open_section("search", state, "How are you?", num_beams=4, length_penalty=0.7)
    translator = Translator(state)
    found = Query(translator, "How are you?").beam_search(num_beams=4, length_penalty=0.7)
    table = table_with(app, "search.score")
    assert table[TEXTS["search.translation"]].tolist() == [output(translator, h.token_ids) for h in found.hypotheses]
    assert table[TEXTS["search.score"]].tolist() == [f"{h.score:.3f}" for h in found.hypotheses]
    assert table[TEXTS["search.total"]].tolist() == [f"{h.total:.3f}" for h in found.hypotheses]
    assert table[TEXTS["search.length"]].tolist() == [len(h.token_ids) for h in found.hypotheses]
    outputs = plain_texts(app)
    assert outputs.count(translator.translate("How are you?")) >= 2  # above the sections, and beside the beam's best
    assert output(translator, found.hypotheses[0].token_ids) in outputs
    line = chart_tables(app, "search.tree_alt")
    assert len(line["nodes"]) - 1 == len(line["arrows"]) > 0


@pytest.mark.parametrize("epoch", [1, HALF_TRAINED, 150])
def test_where_the_beam_is_wrong_it_says_what_the_right_translation_is_worth(epoch, trained):
    state = trained.at(epoch) if epoch < 150 else trained
    for pair in NOTEBOOK_PAIRS:
        query = Query(Translator(state), pair.source)
        best = query.beam_search(num_beams=3).hypotheses[0]
        forced = dict(enumerate([*query.lesson.target_vocabulary.encode(pair.target), 1]))  # ⟨eos⟩
        steps = list(query.translator.steps(pair.source, "", forced))
        total = sum(math.log(step.probabilities[step.token_id]) for step in steps)
        assert query.right == (pair.target, pytest.approx(total, rel=1e-4))
        app = open_section("search", state, pair.source)
        is_right = query.output_text(best.token_ids) == pair.target
        shown = [key for key in ("model_wrong", "search_wrong") if shows(app, f"search.{key}", p=percent(total))]
        assert shown == ([] if is_right else ["search_wrong" if total > best.total else "model_wrong"])


def test_greedy_is_shown_with_its_probability(trained):
    app = open_section("search", trained, "Hello.", way="greedy")
    total = sum(math.log(step.probabilities[step.token_id]) for step in Translator(trained).steps("Hello."))
    assert shows(app, "search.whole", p=f"{math.exp(total):.1%}")
    assert shows(app, "search.greedy_how")
    assert not app.slider


@pytest.mark.parametrize("num_beams", [1, 3, 5])
@pytest.mark.parametrize("epoch", [1, HALF_TRAINED])
def test_the_tree_is_drawn_as_it_was_searched(epoch, num_beams, trained):
    query = Query(Translator(trained.at(epoch)), "I'm hungry.")
    found = query.beam_search(num_beams, length_penalty=1)
    table = pd.DataFrame(tree_nodes(found, query))
    start, nodes = table.iloc[0], table.iloc[1:].reset_index(drop=True)
    assert (start["token"], start["x"], start["y"], start["kind"]) == ("⟨bos⟩", 0, 0, "start")
    assert len(nodes) == len(found.nodes)
    for node, row in zip(found.nodes, nodes.itertuples(), strict=True):
        assert (row.x, row.kind, row.total, row.score) == (node.step, node.status, node.total, node.score)
        assert row.p == pytest.approx(math.exp(node.log_probability))
        parent = start if node.parent is None else nodes.iloc[node.parent]
        assert (row.x0, row.y0) == (parent["x"], parent["y"])
        assert row.output.startswith(parent["output"])
        assert row.y >= 0 or row.kind == "pruned"  # what has a place is drawn
    drawn = nodes[nodes["y"] >= 0]
    assert not drawn.duplicated(["x", "y"]).any()
    assert drawn["y"].max() <= num_beams
    assert (drawn[drawn["kind"] == "pruned"].groupby("x").size() <= 1).all()
    for rank, hypothesis in enumerate(found.hypotheses, start=1):
        (row,) = nodes[nodes["rank"] == rank].itertuples()
        assert (row.output, row.stop_reason) == (query.output_text(hypothesis.token_ids), hypothesis.stop_reason)
    best = nodes[nodes["best"]]
    assert list(best["x"]) == list(range(1, len(best) + 1))
    assert best.iloc[-1]["rank"] == 1


def test_every_node_stands_in_a_line_and_every_arrow_goes_from_box_to_box(trained):
    weights = trained.weights | {"dense_bias": trained.weights["dense_bias"].copy()}
    weights["dense_bias"][1] = -1000  # ⟨eos⟩: the search goes on for several lines
    query = Query(Translator(replace(trained, weights=weights)), "Hello.")
    nodes = tree_nodes(query.beam_search(3), query)
    drawn = list(lines(nodes))
    assert len(drawn) == math.ceil(query.translator.max_new_tokens / 14)
    shown = [node for node in nodes if node["y"] >= 0 and node["kind"] != "start"]
    assert sum(len(line.arrows) for line in drawn) == len(shown)
    for before, line in zip([None, *drawn], drawn, strict=False):
        steps = {box["x"] for box in line.nodes}
        assert steps == set(range(line.first, max(steps) + 1)) and max(steps) <= line.first + line.columns
        if before is not None:  # it begins with the last step of the line before
            assert min(steps) == max(box["x"] for box in before.nodes)
        begins, ends = ({(box[edge], box["y"]): box for box in line.nodes} for edge in ("right", "left"))
        for arrow in line.arrows:
            assert (arrow["left"], arrow["top"]) in begins  # from the middle of a box's edge to that of another one
            end = ends[arrow["right"], arrow["bottom"]]
            assert (arrow["top"], arrow["way"] == "pruned") == (end["y0"], end["kind"] == "pruned")
            assert end["top"] < end["y"] < end["bottom"]
    last = {box["rank"]: box for box in drawn[-1].nodes}
    assert [last[rank]["sign"] for rank in (1, 2, 3)] == ["✂1", "✂2", "✂3"]
    assert last[1]["long_sign"] == f"✂1 −{-last[1]['score']:.2f}"


def test_a_model_that_is_sure_outputs_the_same_and_its_tree_can_be_read_as_a_table(trained):
    app = open_section("search", trained, opened=["tree-numbers"])
    assert shows(app, "search.same")
    found = Query(Translator(trained), "Hello.").beam_search(num_beams=3)
    table = table_with(app, "search.so_far")
    assert table["Score"].tolist() == [f"{node.score:.3f}" for node in found.nodes]
    assert set(table["Status"]) == {TEXTS[f"search.{node.status}"] for node in found.nodes}
    click(app, "search.find")
    assert shows(app, "search.finder_found", found=0, searched=5)
    assert TEXTS["search.finder_none"] in links(app)


@pytest.mark.parametrize("way", ["greedy", "beam", "sampling"])
def test_a_model_without_markers_is_searched_from_its_first_character(way, notebook_trained):
    app = open_section("search", notebook_trained, way=way)
    line = chart_tables(app, "search.samples_alt" if way == "sampling" else "search.tree_alt")
    assert set(line["nodes"].loc[line["nodes"]["kind"] == "start", "token"]) == {"안"}
    if way != "greedy":
        translations = table_with(app, "search.translation")["Translation"]
        assert all(text.startswith("안") and len(text) == 10 for text in translations)


def test_a_row_of_zeros_is_not_the_digit():
    lesson = Lesson(tuple(Pair(str(n), f"0{n}") for n in range(9)), ModelConfig(4, markers=False))
    queries = [Query(Translator(TrainingState.new(lesson)), "1", prefix) for prefix in ("", "0")]
    assert [tree_nodes(query.beam_search(2), query)[0]["token"] for query in queries] == [ZERO_ROW, "0"]


# --- Where several candidates help -----------------------------------------------------------------------------------


def test_sentences_on_which_the_beam_differs_are_found_and_can_be_looked_at(trained):
    state = trained.at(HALF_TRAINED)
    translator, expected = Translator(state), {}
    for source, target in NOTEBOOK_PAIRS:
        best = output(translator, Query(translator, source).beam_search(num_beams=3).hypotheses[0].token_ids)
        if best != (greedy := translator.translate(source)):
            expected[source] = (best == target, greedy == target)
    assert expected
    app = open_section("search", state)
    assert not shows(app, "search.finder_found")
    click(app, "search.find")
    beam, greedy = (sum(right) for right in zip(*expected.values(), strict=True))
    counts = {"found": len(expected), "searched": 5, "all": 5, "beam": beam, "greedy": greedy}
    assert shows(app, "search.finder_found", **counts)
    assert set(table_with(app, "search.source")[TEXTS["search.source"]]) == set(expected)
    choose(app, "search.finder_look", next(iter(expected)))
    assert app.text_input[0].value == next(iter(expected))
    assert shows(app, "search.finder_found")  # still there, for the next one
    next(slider for slider in app.slider if slider.label == TEXTS["search.num_beams"]).set_value(5)
    assert not shows(checked(app.run()), "search.finder_found")  # that was another beam


def test_the_search_of_a_large_lesson_is_spread_evenly():
    pairs = tuple(Pair(f"{n}", f"{n}") for n in range(250))
    found = differing(Translator(TrainingState.new(Lesson(pairs, ModelConfig(4)))), 3, 0.0)
    assert {row["source"] for row in found} <= {str(int(n)) for n in np.linspace(0, 249, MAX_EVALUATED).astype(int)}


# --- Sampling --------------------------------------------------------------------------------------------------------


def test_samples_are_those_of_their_seeds(trained):
    state = trained.at(HALF_TRAINED)
    translator = Translator(state)
    app = open_section("search", state, "Hello.", way="sampling", temperature=0.8, sampling_seed=7)
    for first in (7, 12):
        seeds = range(first, first + 5)
        samples = [Query(translator, "Hello.").sample(0.8, seed) for seed in seeds]
        table = table_with(app, "search.as_greedy")
        assert table[TEXTS["search.seed"]].tolist() == list(seeds)
        outputs = [output(translator, [step.token_id for step in steps]) for steps in samples]
        assert table[TEXTS["search.translation"]].tolist() == outputs
        totals = [sum(step.log_probability for step in steps) for steps in samples]
        assert table[TEXTS["search.total"]].tolist() == [f"{total:.3f}" for total in totals]
        click(app, "search.new_seed")


def test_the_samples_are_drawn_as_they_were_drawn(trained):
    query = Query(Translator(trained.at(HALF_TRAINED)), "Hello.")
    samples = [query.sample(2, seed) for seed in range(3)]
    table = pd.DataFrame(sample_nodes(samples, query))
    for line, steps in enumerate(samples):
        rows = table[(table["y"] == line) & (table["x"] > 0)]
        assert list(rows["p"]) == [step.probabilities[step.token_id] for step in steps]
        assert list(rows["kind"] == "likeliest") == [step.token_id == step.probabilities.argmax() for step in steps]
        assert rows["output"].iloc[-1] == query.output_text([step.token_id for step in steps])
        assert rows["total"].iloc[-1] == pytest.approx(sum(step.log_probability for step in steps))


# --- All of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["search", "contexts"])
def test_sections_bear_unusual_models(section):
    for model, sentence in ((ModelConfig(1), "l"), (ModelConfig(8, False, mask_padding=False), "How are you? " * 20)):
        state = replace(TrainingState.new(Lesson(NOTEBOOK_PAIRS, model)), step=1)
        open_section(section, state, sentence.strip())
