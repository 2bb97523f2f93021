"""The page Translate's rooms on other searches than greedy, and on context vectors, with Streamlit's app tester."""

import json
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.frame import PAGES
from pages.parts.texts import LANGUAGES, catalogue
from pages.parts.theme import ZERO_ROW
from pages.parts.translate import context_map
from pages.parts.translate.context_map import Encoded, map_table, nearest_trained, strips_table
from pages.parts.translate.searches import differing, samples_table, tree_table
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingConfig, TrainingState, Translator
from seq2seq.analysis.contexts import MAX_MAPPED, PCA, context_vectors, distances
from seq2seq.classroom.lessons import SUPPLIED_LESSONS
from tests.pages.app import ROOT, a_run, button, checked, new_session, said, shows

HALF_TRAINED = 15  # an epoch of `trained` that is kept, and not sure of itself


def open_room(room, state, sentence="Hello.", language="en", is_large=False, **chosen) -> AppTest:
    """Opens a room of the page Translate with a model and a sentence.

    Args:
        chosen: key of a widget, with _ for -, and what is chosen there.
    """
    session = new_session(state.lesson.pairs, a_run(state), model=state.lesson.model, training=state.lesson.training)
    session.sentence, session.is_large = sentence, is_large
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60)
    values = {"chosen_language": language, "session": session, "room": room}
    for key, value in (values | {key.replace("_", "-"): value for key, value in chosen.items()}).items():
        app.session_state[key] = value
    app.switch_page(PAGES["translate"][0])
    return checked(app.run())


def table_with(app, key, language="en"):
    """Returns the table that has a column of some name."""
    column = catalogue(language)[key]
    return next(table.value for table in app.dataframe if column in table.value.columns)


def spoken(translator, token_ids, prefix=""):
    return prefix + translator.lesson.target_vocabulary.decode(token_ids)


# --- Beam search and greedy ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hypotheses_are_those_of_the_search(language, trained):
    state = trained.at(HALF_TRAINED)
    app = open_room("search", state, "How are you?", language, num_beams=4, length_penalty=0.7)
    translator, texts = Translator(state), catalogue(language)
    found = translator.beam_search("How are you?", num_beams=4, length_penalty=0.7).hypotheses
    table = table_with(app, "search.score", language)
    assert list(table[texts["search.translation"]]) == [spoken(translator, h.token_ids) for h in found]
    assert list(table[texts["search.score"]]) == [f"{h.score:.3f}" for h in found]
    assert list(table[texts["search.total"]]) == [f"{h.total:.3f}" for h in found]
    assert list(table[texts["search.length"]]) == [len(h.token_ids) for h in found]
    assert len(app.get("vega_lite_chart")) >= 1
    greedy = translator.translate("How are you?")
    assert [text.value for text in app.text].count(greedy) >= 2  # above the rooms, and beside the beam's best
    assert spoken(translator, found[0].token_ids) in [text.value for text in app.text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_greedy_is_shown_with_its_probability(language, trained):
    app = open_room("search", trained, "Hello.", language, search_way="greedy")
    steps = list(Translator(trained).steps("Hello."))
    total = sum(math.log(step.probabilities[step.token_id]) for step in steps)
    assert shows(app, "search.whole", language, p=f"{math.exp(total):.1%}")
    assert shows(app, "search.greedy_how", language)
    assert not app.slider


def test_a_model_that_is_sure_says_the_same_either_way(trained):
    assert shows(open_room("search", trained), "search.same")


@pytest.mark.parametrize("num_beams", [1, 3, 5])
@pytest.mark.parametrize("epoch", [1, HALF_TRAINED])
def test_the_tree_is_drawn_as_it_was_searched(epoch, num_beams, trained):
    translator = Translator(trained.at(epoch))
    found = translator.beam_search("I'm hungry.", num_beams=num_beams, length_penalty=1)
    table = tree_table(found, translator, "")
    start, nodes = table.iloc[0], table.iloc[1:].reset_index(drop=True)
    assert (start["token"], start["x"], start["y"], start["kind"]) == ("⟨bos⟩", 0, 0, "start")
    assert len(nodes) == len(found.nodes)
    for node, row in zip(found.nodes, nodes.itertuples(), strict=True):
        assert (row.x, row.kind, row.total, row.score) == (node.step, node.status, node.total, node.score)
        assert row.p == pytest.approx(math.exp(node.log_probability))
        parent = start if node.parent is None else nodes.iloc[node.parent]
        assert (row.x0, row.y0) == (parent["x"], parent["y"])
        assert row.said.startswith(parent["said"])
        assert row.y >= 0 or row.kind == "pruned"  # what has a place is drawn
    drawn = nodes[nodes["y"] >= 0]
    assert not drawn.duplicated(["x", "y"]).any()
    assert drawn["y"].max() <= num_beams
    assert (drawn[drawn["kind"] == "pruned"].groupby("x").size() <= 1).all()
    for rank, hypothesis in enumerate(found.hypotheses, start=1):
        (row,) = nodes[nodes["rank"] == rank].itertuples()
        assert (row.said, row.stop_reason) == (spoken(translator, hypothesis.token_ids), hypothesis.stop_reason)
    best = nodes[nodes["best"]]
    assert list(best["x"]) == list(range(1, len(best) + 1))
    assert best.iloc[-1]["rank"] == 1


def test_the_tree_can_be_read_as_a_table(trained):
    app = open_room("search", trained, tree_numbers=True)
    found = Translator(trained).beam_search("Hello.", num_beams=3)
    table = table_with(app, "search.so_far")
    assert len(table) == len(found.nodes)
    assert list(table["Score"]) == [f"{node.score:.3f}" for node in found.nodes]
    assert set(table["Status"]) == {catalogue("en")[f"search.{node.status}"] for node in found.nodes}


def test_a_long_search_is_drawn_in_lines(trained):
    endless = replace(trained, weights=trained.weights | {"dense_bias": np.zeros_like(trained.weights["dense_bias"])})
    endless.weights["dense_bias"][1] = -1000  # ⟨eos⟩
    app = open_room("search", endless)
    assert len(app.get("vega_lite_chart")) == math.ceil(Translator(endless).max_new_tokens / 14)


@pytest.mark.parametrize(("way", "language"), product(["greedy", "beam", "sampling"], LANGUAGES))
def test_a_model_without_markers_is_searched_from_its_first_character(way, language, notebook_trained):
    app = open_room("search", notebook_trained, "Hello.", language, search_way=way)
    assert len(app.get("vega_lite_chart")) == 1
    if way != "greedy":
        translations = table_with(app, "search.translation", language)[catalogue(language)["search.translation"]]
        assert all(text.startswith("안") and len(text) == 10 for text in translations)


def test_a_row_of_zeros_is_not_the_digit():
    lesson = Lesson(tuple(Pair(str(n), f"0{n}") for n in range(9)), ModelConfig(4, markers=False))
    translator = Translator(TrainingState.new(lesson))
    starts = [
        tree_table(translator.beam_search("1", prefix, num_beams=2), translator, prefix)["token"][0]
        for prefix in ("", "0")
    ]
    assert starts == [ZERO_ROW, "0"] and ZERO_ROW != "0"


# --- Where looking further helps -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_on_which_the_beam_differs_are_found_and_can_be_looked_at(language, trained):
    state, texts = trained.at(HALF_TRAINED), catalogue(language)
    translator, expected = Translator(state), {}
    for source, target in NOTEBOOK_PAIRS:
        best = translator.beam_search(source, num_beams=3).hypotheses[0]
        if spoken(translator, best.token_ids) != translator.translate(source):
            expected[source] = (spoken(translator, best.token_ids) == target, translator.translate(source) == target)
    assert expected
    app = open_room("search", state, language=language)
    assert not shows(app, "search.finder_found", language)
    checked(button(app, "search.find", language).click().run())
    right_beam, right_greedy = (sum(right) for right in zip(*expected.values(), strict=True))
    counts = {"found": len(expected), "searched": 5, "all": 5, "beam": right_beam, "greedy": right_greedy}
    assert shows(app, "search.finder_found", language, **counts)
    table = table_with(app, "search.source", language)
    assert set(table[texts["search.source"]]) == set(expected)
    chosen = next(iter(expected))
    next(box for box in app.selectbox if box.label == texts["search.finder_look"]).set_value(chosen)
    checked(app.run())
    assert app.text_input[0].value == chosen
    assert shows(app, "search.finder_found", language)  # still there, for the next one
    next(slider for slider in app.slider if slider.key == "num-beams").set_value(5)
    assert not shows(checked(app.run()), "search.finder_found", language)  # that was another beam


def test_where_nothing_differs_it_says_so(trained):
    app = open_room("search", trained)
    checked(button(app, "search.find").click().run())
    assert shows(app, "search.finder_found", found=0, searched=5)
    assert catalogue("en")["search.finder_none"] in [link.value for link in app.main.get("page_link")]


def test_the_search_of_a_large_lesson_is_spread_evenly():
    pairs = tuple(Pair(f"{n}", f"{n}") for n in range(250))
    found = differing(Translator(TrainingState.new(Lesson(pairs, ModelConfig(4)))), 3, 0.0)
    assert {row["source"] for row in found} <= {str(int(n)) for n in np.linspace(0, 249, 100).astype(int)}


# --- Sampling --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples_are_those_of_their_seeds(language, trained):
    state, texts = trained.at(HALF_TRAINED), catalogue(language)
    translator = Translator(state)
    settings = {"search_way": "sampling", "temperature": 0.8, "sampling_seed": 7}
    app = open_room("search", state, "Hello.", language, **settings)

    def expected(seeds):
        samples = [list(translator.sample("Hello.", temperature=0.8, seed=seed)) for seed in seeds]
        return [spoken(translator, [step.token_id for step in steps]) for steps in samples]

    def shown():
        table = table_with(app, "search.as_greedy", language)
        assert list(table[texts["search.seed"]]) == list(seeds)
        return list(table[texts["search.translation"]])

    seeds = range(7, 12)
    assert shown() == expected(seeds)
    totals = [sum(step.log_probability for step in translator.sample("Hello.", temperature=0.8, seed=n)) for n in seeds]
    table = table_with(app, "search.as_greedy", language)
    assert list(table[texts["search.total"]]) == [f"{total:.3f}" for total in totals]
    checked(button(app, "search.new_seed", language).click().run())
    seeds = range(12, 17)
    assert shown() == expected(seeds)


def test_the_samples_are_drawn_as_they_were_drawn(trained):
    translator = Translator(trained.at(HALF_TRAINED))
    samples = [list(translator.sample("Hello.", temperature=2, seed=seed)) for seed in range(3)]
    table = samples_table(samples, translator, "")
    for line, steps in enumerate(samples):
        rows = table[(table["y"] == line) & (table["x"] > 0)]
        assert list(rows["p"]) == [step.probabilities[step.token_id] for step in steps]
        assert list(rows["kind"] == "likeliest") == [step.token_id == step.probabilities.argmax() for step in steps]
        assert rows["said"].iloc[-1] == spoken(translator, [step.token_id for step in steps])
        assert rows["total"].iloc[-1] == pytest.approx(sum(step.log_probability for step in steps))


# --- Context vectors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sentence", ["How are you?", "How are you, Hello?"])
def test_the_nearest_training_sentences_are_named(sentence, language, trained):
    app, texts, translator = (
        open_room("contexts", trained, sentence, language),
        catalogue(language),
        Translator(trained),
    )
    apart = {
        source: np.linalg.norm(
            np.concatenate(translator.context(source)) - np.concatenate(translator.context(sentence))
        )
        for source, _ in NOTEBOOK_PAIRS
    }
    table = table_with(app, "contexts.table_says", language)
    assert list(table[texts["contexts.sentence"]]) == sorted(apart, key=apart.get)
    np.testing.assert_allclose(table[texts["contexts.distance"]].astype(float), sorted(apart.values()), atol=1e-3)
    targets = dict(NOTEBOOK_PAIRS)
    ticked = table[texts["contexts.sentence"]][table[texts["contexts.says"]] == "✓"]
    assert [targets[source] for source in ticked] == [
        t for t in targets.values() if t == translator.translate(sentence)
    ]
    seen = "contexts.nearest_seen" if sentence in targets else "contexts.nearest_unseen"
    assert shows(app, seen, language)
    assert len(app.get("vega_lite_chart")) == 2  # the map and the strips


def test_the_map_shows_each_sentence_where_it_is_and_as_what_it_is(trained):
    translator, sources = Translator(trained), [source for source, _ in NOTEBOOK_PAIRS]
    vectors = context_vectors(translator, sources)
    pca = PCA.fit(vectors)
    kinds = dict.fromkeys(sources, "training") | {sources[2]: "held_out"}
    marked = {"a": ("How", context_vectors(translator, ["How"])[0]), "b": (sources[2], vectors[2])}
    mapped = [0, 2, 3, 4]
    points = map_table(Encoded(trained.weights, kinds, sources, vectors), np.array(mapped), [4, 0], pca, marked)
    assert list(points["source"]) == [*(sources[n] for n in mapped), "How", sources[2]]
    assert list(points["kind"]) == ["training", "held_out", "training", "training", "unseen", "held_out"]
    assert list(points["form"]) == ["training", "held_out", "training", "training", "a", "b"]
    assert list(points["label"]) == ["2", "", "", "1", "A", "B"]
    upper = points["y"].iloc[-2:].idxmax()
    assert {n: points["above"][n] for n in (4, 5)} == {4: upper == 4, 5: upper == 5}  # letters away from each other
    np.testing.assert_allclose(points[["x", "y"]][:4], pca.project(vectors[mapped]))
    np.testing.assert_allclose(points[["x", "y"]].iloc[5], points[["x", "y"]].iloc[1])
    np.testing.assert_allclose(points["distance"][:4], distances(vectors[mapped], marked["a"][1]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["training", "held_out", "unseen"])
def test_the_map_tells_by_colour_and_in_words_what_the_model_knows_of_a_sentence(kind, language):
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(8), TrainingConfig(held_out=0.4))
    rows = {"training": lesson.training_rows, "held_out": lesson.held_out_rows}
    sentence = lesson.pairs[rows[kind][0]].source if kind in rows else "Hello!"
    state = replace(TrainingState.new(lesson), step=1)
    app, texts = open_room("contexts", state, sentence, language, map_numbers=True), catalogue(language)
    a = texts["contexts.mark_a"].format(kind=texts[f"contexts.{kind}"])
    table = table_with(app, "contexts.kind", language).set_index(texts["contexts.sentence"])
    assert a in list(table.loc[[sentence], texts["contexts.kind"]])
    encoding = json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"][0]["encoding"]
    colours, shapes = (
        dict(zip(encoding[name]["scale"]["domain"], encoding[name]["scale"]["range"], strict=True))
        for name in ("color", "shape")
    )
    assert len(colours) == len(set(shapes.values())) == 4  # two kinds, A and B; each has a shape of its own
    assert [kind for kind in rows if colours[texts[f"contexts.{kind}"]] == colours[a]] == [kind] * (kind in rows)


def test_in_a_lesson_of_many_sentences_each_of_the_training_is_nearest_to_itself():
    pairs = SUPPLIED_LESSONS["dates"].pairs
    assert len(pairs) > MAX_MAPPED
    translator = Translator(TrainingState.new(Lesson(pairs, ModelConfig(8))))
    assert [pair.source for pair in pairs if nearest_trained(translator, pair.source) != pair.source] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_many_sentences_some_are_drawn_and_the_nearest_are_among_them(language):
    pairs = SUPPLIED_LESSONS["dates"].pairs
    state = replace(TrainingState.new(Lesson(pairs, ModelConfig(8))), step=1)
    app, texts = open_room("contexts", state, pairs[1].source, language, map_numbers=True), catalogue(language)
    nearest = table_with(app, "contexts.table_says", language)[texts["contexts.sentence"]]
    assert nearest[0] == pairs[1].source
    drawn = list(table_with(app, "contexts.kind", language)[texts["contexts.sentence"]])[:-2]
    assert set(nearest[:5]) <= set(drawn)
    assert MAX_MAPPED <= len(drawn) <= MAX_MAPPED + 5
    assert shows(app, "contexts.shown_of", language, shown=len(drawn), all=len(pairs))
    assert not shows(app, "contexts.searched_of", language)


def test_in_a_very_large_lesson_it_says_among_how_many_the_nearest_was_looked_for(monkeypatch):
    monkeypatch.setattr(context_map, "MAX_SEARCHED", 50)
    pairs = SUPPLIED_LESSONS["dates"].pairs
    state = replace(TrainingState.new(Lesson(pairs, ModelConfig(8))), step=1)
    app = open_room("contexts", state, pairs[1].source)  # which is not one of the 50, and still its own nearest
    assert table_with(app, "contexts.table_says")["Sentence"][0] == pairs[1].source
    assert shows(app, "contexts.searched_of", searched=51, all=len(pairs))


def test_a_first_character_that_was_given_begins_the_translation_in_every_room(notebook_trained):
    app = open_room("contexts", notebook_trained, "Hello.", second_sentence="How old are you?")
    first = next(
        box for box in app.selectbox if box.label == catalogue("en")["translate.first"].format(kind="character")
    )
    checked(first.set_value("너").run())
    says = ["→ " + Translator(notebook_trained).translate(*of) for of in (("Hello.", "너"), ("How old are you?", "너"))]
    assert [text.value for text in app.text if text.value.startswith("→ ")] == says
    assert says[0] != "→ " + Translator(notebook_trained).translate("Hello.", "안")


@pytest.mark.parametrize("language", LANGUAGES)
def test_map_and_strips_can_be_read_as_tables(language, trained):
    tables = {"map_numbers": True, "strip_numbers": True, "second_sentence": "What is your name?"}
    app = open_room("contexts", trained, "Hello.", language, **tables)
    assert len(table_with(app, "contexts.kind", language)) == 7  # five sentences, A and B
    strips = next(table.value for table in app.dataframe if "h A" in table.value.columns)
    a, b = (Translator(trained).context(sentence) for sentence in ("Hello.", "What is your name?"))
    for name, numbers in zip("hc", zip(a, b, strict=True), strict=True):
        np.testing.assert_allclose(strips[f"{name} A"], numbers[0], atol=1e-6)
        np.testing.assert_allclose(strips[f"{name} B"], numbers[1], atol=1e-6)
        np.testing.assert_allclose(strips[f"{name} A−B"], numbers[0] - numbers[1], atol=1e-6)
    distance = np.linalg.norm(np.concatenate(a) - np.concatenate(b))
    assert shows(app, "contexts.strips_how", language, distance=f"{distance:.3f}")
    assert "→ 너의 이름이 뭐니?" in [text.value for text in app.text]


def test_strips_hold_every_number_once():
    table = strips_table(np.arange(6.0), np.zeros(6))
    assert len(table) == 6 * 3
    assert list(table[table["state"] == "c A−B"]["value"]) == [3, 4, 5]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_sentence_can_be_anything(language, trained):
    typed = "Hello. ![x](http://elsewhere) <b>☕"
    app = open_room("contexts", trained, "Hello.", language, second_sentence=typed)
    assert typed in [text.value for text in app.text]
    assert not [text for text in said(app) if "elsewhere" in text or "<b>" in text]
    assert shows(app, "translate.unknown", language)
    assert "☕" in " ".join(text.value for text in app.text)


@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_few_sentences_make_no_map(pairs, trained):
    lesson = replace(trained.lesson, pairs=NOTEBOOK_PAIRS[:pairs])
    state = replace(TrainingState.new(lesson), step=1)
    app = open_room("contexts", state)
    assert shows(app, "contexts.too_few") == (pairs < 3)
    assert len(app.get("vega_lite_chart")) == (1 if pairs < 3 else 2)


@pytest.mark.parametrize("model", [ModelConfig(1), ModelConfig(8, markers=False, mask_padding=False)])
@pytest.mark.parametrize("room", ["search", "contexts"])
def test_rooms_bear_unusual_models(room, model):
    lesson = Lesson(NOTEBOOK_PAIRS, model, TrainingConfig(held_out=0.4))
    for sentence in ("Hello.", "l", "How are you? " * 20):
        open_room(room, replace(TrainingState.new(lesson), step=1), sentence.strip())


def test_held_out_sentences_are_on_the_map_and_never_the_nearest():
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(8), TrainingConfig(held_out=0.4))
    held_out = {lesson.pairs[row].source for row in lesson.held_out_rows}
    app = open_room("contexts", replace(TrainingState.new(lesson), step=1), next(iter(held_out)), map_numbers=True)
    kinds = table_with(app, "contexts.kind").set_index("Sentence")["Kind"]
    assert {source for source, kind in kinds.items() if kind == catalogue("en")["contexts.held_out"]} == held_out
    assert not held_out & set(table_with(app, "contexts.table_says")["Sentence"])
    assert shows(app, "contexts.nearest_unseen")


# --- Large type ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "way", "pictures"),
    [("search", "greedy", 1), ("search", "beam", 1), ("search", "sampling", 1), ("contexts", "beam", 2)],
)
def test_large_type_reaches_into_each_picture(room, way, pictures, trained):
    rooms = [open_room(room, trained, is_large=is_large, search_way=way) for is_large in (False, True)]
    usual, large = ([json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")] for app in rooms)
    assert len(usual) == len(large) == pictures
    for before, after in zip(usual, large, strict=True):
        assert after["height"] == pytest.approx(1.3 * before["height"], abs=1)
        sizes = [(one, other) for (name, one), (_, other) in zip(*map(sizes_in, (before, after)), strict=True)]
        assert sizes and all(one != other for one, other in sizes)


def sizes_in(spec):
    """Returns every size of a text in a specification, with its name."""
    if isinstance(spec, list):
        return [size for part in spec for size in sizes_in(part)]
    if not isinstance(spec, dict):
        return []
    here = [(name, spec[name]) for name in ("fontSize", "labelFontSize") if name in spec]
    return here + [size for part in spec.values() for size in sizes_in(part)]
