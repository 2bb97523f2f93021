"""The charts of a page as files."""

import pytest

from pages.parts.drawing.pictures import look, rows_of
from pages.parts.state import TensorsState
from pages.parts.theme import Theme
from seq2seq.takeaway.pictures import draw_picture
from tests.pages.app import open_page, visit


def offered(app):
    return [
        button.proto.id.rpartition("-picture-")[2]
        for button in app.get("download_button")
        if "-picture-" in button.proto.id
    ]


def test_every_chart_of_the_page_is_offered_once_asked_for(trained_session):
    app = open_page("train", trained_session)
    assert not offered(app)
    app = open_page("train", trained_session, pictures=True)
    charts = [f"curve-{name}-{kind}" for name in ("loss", "accuracy") for kind in ("png", "svg")]
    assert offered(app) == charts
    assert not offered(visit(app, "pairs"))  # it has none


@pytest.mark.parametrize(("page", "is_dark"), [("tensors", False), ("train", True)])
def test_what_is_drawn_can_be_drawn_as_a_picture(page, is_dark, trained_session):
    """Of Pandas and of Arrow tables, and in the colours of the page."""
    app = open_page(page, trained_session, "ko", TensorsState=TensorsState())
    (drawn, *_) = app.session_state["PicturesState"].drawn.values()
    svg = draw_picture(drawn.spec, rows_of(drawn.tables), look(Theme("ko", is_dark=is_dark)), "svg").decode()
    assert {"tensors": "디코더 입력", "train": "에포크"}[page] in svg
    assert Theme(is_dark=is_dark).ground in svg
