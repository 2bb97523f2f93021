"""The section on context vectors: the map, the neighbours, and two sentences side by side."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pages.parts.state import TranslateState
from pages.parts.texts import LANGUAGES
from pages.parts.theme import Theme
from pages.parts.translate.contexts import encoded as encoding
from pages.parts.translate.contexts.charts import form_names
from pages.parts.translate.contexts.encoded import Encoded, Neighbourhood, neighbourhood
from pages.parts.translate.contexts.tables import map_table, strips_table
from pages.parts.translate.query import Query
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, Pair, TrainingConfig, TrainingState, Translator
from seq2seq.analysis.contexts import PCA, context_vectors, distances
from seq2seq.classroom.supplied_lessons import SUPPLIED_LESSONS
from seq2seq.limits import MAX_MAPPED
from tests.pages.app import (
    TEXTS,
    chart,
    chart_tables,
    checked,
    choose,
    open_section,
    plain_texts,
    said,
    shows,
    table_with,
    translate,
)

DATES = SUPPLIED_LESSONS["dates"].pairs
HELD_OUT = Lesson(NOTEBOOK_PAIRS, ModelConfig(8), TrainingConfig(held_out=0.4))


def once_trained(lesson):
    return replace(TrainingState.new(lesson), step=1)


def around(translator, sentence, state=None, is_live=False) -> Neighbourhood:
    return neighbourhood(Query(translator, sentence), state or TranslateState(), is_live)


# --- What is encoded, and when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentences", [5, 100, 1000])
def test_every_beginning_of_what_is_encoded_is_spread_evenly_over_the_lesson(sentences):
    lesson = Lesson(tuple(Pair(f"{n}", "a") for n in range(sentences)), ModelConfig(1))
    queue = Encoded.none(Translator(TrainingState.new(lesson))).queue
    assert sorted(queue, key=int) == [f"{n}" for n in range(sentences)]
    for count in range(4, sentences, 7):
        gaps = np.diff(sorted({-1, *map(int, queue[:count]), sentences}))
        assert gaps.max() <= 3 * sentences / count + 1


@pytest.fixture
def live(monkeypatch):
    """A model of 2,000 sentences, and how many tokens were encoded; a redraw may encode 5,000."""
    pairs = tuple(Pair(f"{n:05} {'x' * (n % 40)}", "a") for n in range(2000))
    translator, encoded = Translator(TrainingState.new(Lesson(pairs, ModelConfig(4)))), []

    def counting(translator, texts, *rest):
        encoded.append(sum(map(len, texts)))
        return context_vectors(translator, texts, *rest)

    monkeypatch.setattr(encoding, "context_vectors", counting)
    monkeypatch.setattr(encoding, "MAX_ENCODED_LIVE", 5000 * 4)
    return translator, encoded


def test_while_the_model_trains_a_redraw_encodes_no_more_than_takes_a_moment(live):
    translator, encoded = live
    state, counts = TranslateState(), []
    for _ in range(3):
        counts.append(len(around(translator, "00001 x", state, is_live=True).encoded.sources))
        assert sum(encoded) <= 5000 + len("00001 x")  # and the sentence itself
        encoded.clear()
    assert 0 < counts[0] < counts[1] < counts[2] < 2000  # with the same weights it goes on
    later = Translator(TrainingState.new(translator.lesson))
    assert len(around(later, "00001 x", state, is_live=True).encoded.sources) == counts[0]  # with others it begins anew
    assert len(around(later, "00001 x", state).encoded.sources) == 2000  # at rest it is completed


def test_the_page_says_how_many_were_searched_while_the_model_trains(monkeypatch):
    monkeypatch.setattr(encoding, "MAX_ENCODED_LIVE", 8 * 500)
    app = open_section("contexts", once_trained(Lesson(DATES, ModelConfig(8))), "Hello")
    run = app.session_state["session"].run
    assert len(table_with(app, "contexts.table_says")) >= 5
    assert not shows(app, "contexts.searched_of")
    run.status, run.state = "training", replace(run.state, weights=dict(run.state.weights))
    translate(app, "Hello you")
    searched = len(app.session_state["TranslateState"].encoded.vectors)
    assert 0 < searched < 60
    assert shows(app, "contexts.searched_of", searched=searched, all=len(DATES))
    assert said(app).count(TEXTS["contexts.searched_of"].format(searched=searched, all=len(DATES))) == 2


def test_in_a_very_large_lesson_it_says_among_how_many_the_nearest_was_looked_for(monkeypatch):
    monkeypatch.setattr(encoding, "MAX_ENCODED", 50)
    encoded = Encoded.none(Translator(TrainingState.new(Lesson(DATES, ModelConfig(8))))).queue
    sentence = next(pair.source for pair in DATES if pair.source not in encoded)
    app = open_section("contexts", once_trained(Lesson(DATES, ModelConfig(8))), sentence)
    assert table_with(app, "contexts.table_says")["Sentence"][0] == sentence  # still its own nearest
    assert shows(app, "contexts.searched_of", searched=51, all=len(DATES))


def test_in_a_lesson_of_many_sentences_each_of_the_training_is_nearest_to_itself():
    assert len(DATES) > MAX_MAPPED
    translator, state = Translator(TrainingState.new(Lesson(DATES, ModelConfig(8)))), TranslateState()
    for source, _ in DATES[::5]:
        near = around(translator, source, state)
        assert near.encoded.sources[near.nearest[0]] == source


# --- The nearest -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sentence", ["How are you?", "How are you, Hello?"])
def test_the_nearest_training_sentences_are_named(sentence, trained):
    app = open_section("contexts", trained, sentence)
    translator, targets = Translator(trained), dict(NOTEBOOK_PAIRS)
    here = np.concatenate(translator.context(sentence))
    apart = {source: np.linalg.norm(np.concatenate(translator.context(source)) - here) for source in targets}
    table = table_with(app, "contexts.table_says")
    assert list(table[TEXTS["contexts.sentence"]]) == sorted(apart, key=apart.get)
    np.testing.assert_allclose(table[TEXTS["contexts.distance"]].astype(float), sorted(apart.values()), atol=1e-3)
    ticked = table[TEXTS["contexts.sentence"]][table[TEXTS["contexts.says"]] == "✓"]
    output = translator.translate(sentence)
    assert [targets[source] for source in ticked] == [target for target in targets.values() if target == output]
    assert shows(app, "contexts.nearest_seen" if sentence in targets else "contexts.nearest_unseen")
    assert len(chart_tables(app, "contexts.map_alt")["points"]) == len(targets) + 2
    assert len(chart_tables(app, "contexts.strips_alt")["strips"]) == 6 * 32


# --- The map ---------------------------------------------------------------------------------------------------------


def test_the_map_shows_each_sentence_where_it_is_and_as_what_it_is(trained):
    lesson = replace(trained.lesson, training=HELD_OUT.training)
    translator, held_out = Translator(replace(trained, lesson=lesson)), HELD_OUT.held_out_sources
    near = around(translator, "How")
    sources, vectors = near.encoded.sources, near.encoded.vectors
    b = sources.index(min(held_out))
    points = map_table(near, {"a": ("How", near.vector), "b": (sources[b], vectors[b])})
    assert list(points["source"]) == [*sources, "How", sources[b]]
    kinds = ["held_out" if source in held_out else "trained" for source in sources]
    assert list(points["kind"]) == [*kinds, "unseen", "held_out"]
    assert list(points["form"]) == [*kinds, "a", "b"]
    ranks = {sources[n]: str(rank) for rank, n in enumerate(near.nearest, start=1)}
    assert list(points["label"]) == [*(ranks.get(source, "") for source in sources), "A", "B"]
    assert list(points["side"][:5]) == ["beside"] * 5
    upper = points["y"].iloc[-2:].idxmax()  # letters away from each other
    assert {n: points["side"][n] == "above" for n in (5, 6)} == {5: upper == 5, 6: upper == 6}
    np.testing.assert_allclose(points[["x", "y"]][:5], PCA.fit(vectors).project(vectors))
    np.testing.assert_allclose(points[["x", "y"]].iloc[6], points[["x", "y"]].iloc[b])
    np.testing.assert_allclose(points["distance"][:5], distances(vectors, near.vector))


@pytest.mark.parametrize("kind", ["trained", "held_out", "unseen"])
def test_the_map_tells_by_colour_and_in_words_what_the_model_knows_of_a_sentence(kind):
    """Sentences that were held out are on it, and never the nearest."""
    rows = {"trained": HELD_OUT.training_rows, "held_out": HELD_OUT.held_out_rows}
    sentence = HELD_OUT.pairs[rows[kind][0]].source if kind in rows else "Hello!"
    app = open_section("contexts", once_trained(HELD_OUT), sentence, opened=["map-numbers"])
    kinds, held_out = table_with(app, "contexts.kind").groupby("Kind")["Sentence"], HELD_OUT.held_out_sources
    assert set(kinds.get_group(TEXTS["translate.mark_held_out"])) == held_out
    assert not held_out & set(table_with(app, "contexts.table_says")["Sentence"])
    assert shows(app, "contexts.nearest_unseen") == (kind != "trained")
    a = TEXTS["contexts.mark_a"].format(kind=TEXTS[f"translate.mark_{kind}"])
    points = chart_tables(app, "contexts.map_alt")["points"]
    assert a in points.loc[points["source"] == sentence, "name"].tolist()
    encoding = json.loads(chart(app, "contexts.map_alt").spec)["layer"][0]["encoding"]
    colours, shapes = (
        dict(zip(encoding[name]["scale"]["domain"], encoding[name]["scale"]["range"], strict=True))
        for name in ("color", "shape")
    )
    assert set(points["name"]) <= set(colours)
    assert all(len({*form_names(Theme(language), (kind, kind)).values()}) == 4 for language in LANGUAGES)
    assert len(colours) == len(set(shapes.values())) == 4  # two kinds, A and B; each has a shape of its own
    assert [kind for kind in rows if colours[TEXTS[f"translate.mark_{kind}"]] == colours[a]] == [kind] * (kind in rows)


def test_of_many_sentences_some_are_drawn_and_the_nearest_are_among_them():
    app = open_section("contexts", once_trained(Lesson(DATES, ModelConfig(8))), DATES[1].source)
    nearest = table_with(app, "contexts.table_says")["Sentence"]
    assert nearest[0] == DATES[1].source
    points = chart_tables(app, "contexts.map_alt")["points"]
    drawn = points["source"][:-2]
    assert set(nearest[:5]) <= set(drawn)
    assert MAX_MAPPED <= len(drawn) <= MAX_MAPPED + 5
    assert shows(app, "contexts.shown_of", shown=len(drawn), all=len(DATES))
    assert not shows(app, "contexts.searched_of")


@pytest.mark.parametrize("pairs", [1, 2, 3])
def test_few_sentences_make_no_map(pairs, trained):
    app = open_section("contexts", once_trained(replace(trained.lesson, pairs=NOTEBOOK_PAIRS[:pairs])))
    assert shows(app, "contexts.too_few") == (pairs < 3)
    assert len(app.get("vega_lite_chart")) == (1 if pairs < 3 else 2)


# --- Two sentences ---------------------------------------------------------------------------------------------------


def test_strips_hold_every_number_once_and_boxes_do_not_touch():
    table = strips_table(np.arange(6.0), np.zeros(6))
    assert len(table) == 6 * 3
    assert list(table[table["state"] == "c A−B"]["value"]) == [3, 4, 5]
    assert ((table["left"] + table["right"]) / 2 == table["unit"]).all()
    assert (table["right"] - table["left"] < 1).all()


def test_map_and_strips_can_be_read_as_tables(trained):
    opened = ["map-numbers", "strip-numbers"]
    app = open_section("contexts", trained, "Hello.", opened=opened, second="What is your name?")
    assert len(table_with(app, "contexts.kind")) == 7  # five sentences, A and B
    strips = next(table.value for table in app.dataframe if "h A" in table.value.columns)
    a, b = (Translator(trained).context(sentence) for sentence in ("Hello.", "What is your name?"))
    for name, numbers in zip("hc", zip(a, b, strict=True), strict=True):
        np.testing.assert_allclose(strips[f"{name} A"], numbers[0], atol=1e-6)
        np.testing.assert_allclose(strips[f"{name} B"], numbers[1], atol=1e-6)
        np.testing.assert_allclose(strips[f"{name} A−B"], numbers[0] - numbers[1], atol=1e-6)
    distance = np.linalg.norm(np.concatenate(a) - np.concatenate(b))
    assert shows(app, "contexts.strips_how", distance=f"{distance:.3f}")
    assert "→ 너의 이름이 뭐니?" in plain_texts(app)


def test_a_first_character_that_was_given_begins_the_translation_in_every_section(notebook_trained):
    app = open_section("contexts", notebook_trained, second="How old are you?")
    label = TEXTS["translate.first"].format(kind="character")
    next(box for box in app.selectbox if box.label == label).set_value("너").run()
    translator = Translator(notebook_trained)
    outputs = [f"→ {translator.translate(sentence, '너')}" for sentence in ("Hello.", "How old are you?")]
    assert [text for text in plain_texts(app) if text.startswith("→ ")] == outputs
    assert outputs[0] != f"→ {translator.translate('Hello.', '안')}"


def test_the_second_sentence_is_chosen_or_typed_and_can_be_anything(trained):
    app = open_section("contexts", trained)
    choose(app, "contexts.other", "I'm hungry.")
    points = chart_tables(app, "contexts.map_alt")["points"].set_index("form")
    assert points.loc["b", "source"] == "I'm hungry."
    a, b = context_vectors(Translator(trained), ["Hello.", "I'm hungry."])
    assert points.loc["b", "distance"] == pytest.approx(np.linalg.norm(a - b), rel=1e-5)
    typed = app.session_state["TranslateState"].second = "Hello. ![x](http://elsewhere) <b>☕"
    assert typed in plain_texts(checked(app.run()))
    assert not [text for text in said(app) if "elsewhere" in text or "<b>" in text]
    assert shows(app, "translate.unknown")
    assert "☕" in " ".join(plain_texts(app))
