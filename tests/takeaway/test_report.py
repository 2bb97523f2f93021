"""The report of a lesson, and that what students typed stays text in it."""

import re
from dataclasses import replace
from html import unescape

import pytest

from seq2seq import Lesson, ModelConfig, TrainingState
from seq2seq.takeaway.report import ATTENTION_TEXTS, MAX_LISTED, TEXTS, Answered, Report, write_report

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt; {{ 7 * 7 }} </style>", "</svg><x>")
LOOK = {"font": "sans-serif"}


def report_of(state, **changes):
    texts = dict.fromkeys(TEXTS, "") | {name: f"{name} {{shown}}/{{all}}" for name in ["first_of"]}
    texts |= {"after": "after {epoch}", "right_of": "{right} of {all}", "encoder_backward": "the way back"}
    attention = dict.fromkeys(ATTENTION_TEXTS, "attention")
    labels = {"token_label": str, "source_labels": lambda _, source: list(source)}
    report = Report("ko", "제목", "2026-01-31", [("유닛", "32")], [], texts, attention, LOOK, **labels)
    return write_report(report._replace(**changes), state).decode()


def test_it_holds_the_lesson_and_what_came_of_it(trained):
    told = Answered("몇 개?", "Hello.", None, False, "6개")
    page = report_of(trained, answers=[told, told._replace(answer="6", is_right=True)])
    for words in (
        "제목",
        "2026-01-31",
        "유닛",
        "after 150",
        "5 of 5",
        "(5, 18, 23)",
        "(23, 128)",
        "15,578",
        "✓ 6",
        "6개",
    ):
        assert words in page, words
    for pair in trained.lesson.pairs:
        assert page.count(pair.target) == 3  # the pair, the output and what is right
    assert '<html lang="ko">' in page and page.count("<svg") == 1 and "first_of" not in page
    assert "<svg" not in report_of(replace(trained, history=trained.history[:1]))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_where_a_model_with_attention_looks_is_drawn_for_the_first_sentences_that_fit(bidirectional):
    pairs = [("a" * 41, "x"), ("bcd", "y"), ("<e>", "z"), ("f", "z"), ("g", "z")]
    state = TrainingState.new(Lesson(pairs, ModelConfig(4, attention="dot", bidirectional=bidirectional)))
    page = report_of(state)
    assert ("the way back" in page) == bidirectional
    assert f"{sum(weights.size for weights in state.weights.values()):,}" in page
    assert page.count("<svg") == 1
    labels = [place for place in ("1 b", "2 c", "3 d", "1 &lt;", "2 e", "1 f", "1 a", "1 g") if f">{place}<" in page]
    assert labels == ["1 b", "2 c", "3 d", "1 &lt;", "2 e", "1 f"]
    assert "<svg" not in report_of(TrainingState.new(Lesson(pairs)))
    assert "<svg" not in report_of(TrainingState.new(Lesson(pairs[:1], ModelConfig(4, attention="dot"))))


def test_of_many_pairs_the_first_are_listed_and_that_is_said():
    state = TrainingState.new(Lesson([(f"a{n}", f"b{n}") for n in range(MAX_LISTED + 1)]))
    page = report_of(state)
    assert f"first_of {MAX_LISTED}/{MAX_LISTED + 1}" in page
    assert f"a{MAX_LISTED - 1}<" in page and f"a{MAX_LISTED}<" not in page


@pytest.mark.parametrize("typed", HOSTILE)
def test_markup_stays_text_and_nothing_is_executed_or_fetched(typed):
    state = TrainingState.new(Lesson([(typed, typed)]))
    page = report_of(state, title=typed, answers=[Answered(typed, typed, typed, True, typed)])
    assert not re.search(r"<(script|img|x)\b", page) and page.count("</style>") == 1
    assert unescape(page).count(typed) >= 8
    assert "default-src 'none'" in unescape(page) and "script-src 'none'" in unescape(page)
    assert not re.search(r"""(src|href)=["']?http|url\(|@import""", page)
