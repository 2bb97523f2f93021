"""The page Share: what can be taken home, and when."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from pages.parts import texts
from pages.parts.share import pages
from pages.parts.share.tables import _states
from pages.parts.texts import LANGUAGES, catalogue, in_this_language
from seq2seq import NOTEBOOK_PAIRS, Lesson, ModelConfig, TrainingConfig, TrainingState
from seq2seq.takeaway.report import TEXTS
from tests.pages.app import TEXTS as ENGLISH
from tests.pages.app import a_run, new_session, open_page


def made(session, maker, language, monkeypatch):
    """Returns what a click makes, for which Streamlit knows no tab."""
    with monkeypatch.context() as tab:
        tab.setattr(texts, "language", lambda: language)
        tab.setattr(pages.card, "current", lambda _: {})
        make = maker(session, session.trained)
    return make().decode()


def is_disabled(app):
    buttons = [button.proto for button in app.get("download_button")]
    return {button.label: button.disabled for button in buttons}


def test_what_needs_a_training_is_offered_after_one(session, trained_session):
    labels = [ENGLISH[f"share.{name}"] for name in ("runs", "epochs", "report", "replay")]
    for at, expected in ((session, True), (trained_session, False)):
        disabled = is_disabled(open_page("share", at))
        assert [disabled[label] for label in labels] == [expected] * 4
        assert not disabled[ENGLISH["pairs.as_csv"]]
    assert list(_states(trained_session)) == ["1."]


def test_settings_stand_in_the_report_as_they_are_set(monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "en")
    lesson = Lesson(NOTEBOOK_PAIRS, ModelConfig(16, source_tokens="word"), TrainingConfig(held_out=0.2, seed=1234567))
    settings = dict(pages._settings(lesson))
    named = {"model.hidden_size": "16", "model.source_tokens": "word", "train.held_out": "20", "train.seed": "1234567"}
    assert {key: settings[ENGLISH[key]] for key in named} == named


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_pages_speak_the_language_of_the_tab(language, trained_session, monkeypatch):
    said = catalogue(language)
    report = made(trained_session, pages._report, language, monkeypatch)
    replay = made(trained_session, pages._replay, language, monkeypatch)
    for page, keys in ((report, [f"report.{name}" for name in TEXTS]), (replay, ["share.decoding", "share.training"])):
        assert f'<html lang="{language}">' in page
        others = ("report.answers", "report.shown", "report.attention", "report.encoder_backward")
        fixed = [key for key in keys if "{" not in said[key] and key not in others]
        assert [key for key in fixed if said[key] not in page] == []


def test_the_replay_holds_all_that_the_app_shows(trained_session, monkeypatch):
    """The components' own files and data; what students typed is in neither a script nor markup."""
    typed = "</script><script>alert(1)</script>"
    state = replace(TrainingState.new(Lesson([(typed, typed), ("a", "b")])), step=1)
    replay = made(new_session(run=a_run(state)), pages._replay, "en", monkeypatch)
    assert "alert(1)</script>" not in replay and "<script>" not in replay
    data = {
        name: json.loads(written)
        for name, written in re.findall(r'<script type="application/json" id="(\w+)-data">(.*?)</script>', replay)
    }
    assert list(data) == ["stepper", "replay"]
    assert [shown["version"] for shown in data["stepper"]] == [typed, "a"]
    assert data["replay"][0]["sources"] == [typed, "a"]
    assert not any(shown["can_pick"] for shown in data["stepper"]) and not data["replay"][0]["can_use"]


def gone_astray(trained):
    """Returns a training whose numbers are none any more."""
    weights = {name: np.full_like(values, np.nan) for name, values in trained.weights.items()}
    losses = zip(trained.history[:3], [2, np.inf, np.nan], strict=True)
    history = tuple(record | {"loss": loss} for record, loss in losses)
    return replace(trained, weights=weights, epoch=3, step=15, history=history, checkpoints=((2, weights),))


def test_a_training_that_went_astray_can_be_taken_home(trained, monkeypatch):
    """A browser reads no JSON with NaN in it."""
    session = new_session(run=a_run(gone_astray(trained)))
    replay = made(session, pages._replay, "en", monkeypatch)

    def refuse(constant):
        raise AssertionError(constant)

    stepper, player = (
        json.loads(written, parse_constant=refuse)
        for written in re.findall(r'<script type="application/json" id="\w+-data">(.*?)</script>', replay)
    )
    assert stepper[0]["h"][1][0] is None and stepper[0]["steps"][0]["bars"][0]["p"] is None
    assert player[0]["losses"] == [2]
    report = made(session, pages._report, "en", monkeypatch)
    assert ENGLISH["report.right_of"].format(right=0, all=5) in report and "<svg" in report


def test_a_file_of_decodings_has_a_limit(trained_session, monkeypatch):
    monkeypatch.setattr(pages, "_MAX_STEPPED", 1)
    replay = made(trained_session, pages._replay, "en", monkeypatch)
    assert len(json.loads(re.search(r'id="stepper-data">(.*?)</script>', replay)[1])) == 1
    assert ENGLISH["train.shown_of"].format(shown=1, all=5) in replay


def test_a_language_is_kept_for_the_click_alone(monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "ko")
    make = in_this_language(lambda: texts.language().encode())
    monkeypatch.undo()
    assert make() == b"ko"
    assert texts._SPOKEN.get() is None


def test_the_replay_of_a_model_with_attention_holds_where_it_looked(monkeypatch):
    monkeypatch.setattr(texts, "language", lambda: "en")
    state = replace(TrainingState.new(Lesson(NOTEBOOK_PAIRS, ModelConfig(4, attention="dot"))), step=5, epoch=1)
    (played,) = pages._training(a_run(state), None).shows.values()
    assert list(played["attention"]["drawn"]) == played["attention"]["rows"] == list(range(pages._MAX_MAPPED))
    for shown in pages._stepper(state).shows.values():
        assert len(shown["attention"]["weights"]) == len(shown["steps"])
