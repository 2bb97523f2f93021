"""The page Pairs on what a browser may send and no file can hold, with Streamlit's app tester."""

import pytest

from pages.parts.frame import PAGES
from seq2seq import NOTEBOOK_PAIRS
from tests.pages.app import button, checked, edit, listed_problems, new_session, open_page


@pytest.mark.parametrize("pasted", [0, 200])
def test_half_a_character_is_marked_as_lost_and_breaks_nothing(pasted):
    session = new_session()
    app = open_page("pairs", session)
    edit(app, {0: {"target": "안\ud83d"}}, [{"source": f"{n}\udc00", "target": f"{n}"} for n in range(pasted)])
    assert session.rows[0] == ("Hello.", "안\ufffd")
    assert len(session.lesson.pairs) == 4
    assert [mark for mark, message in listed_problems(app) if "U+FFFD" in message] == ["✗"] * min(100, 1 + pasted)
    for page in ("train", "pairs"):  # back there, the table begins with these rows
        app.switch_page(PAGES[page][0])
        checked(app.run())
    assert app.data_editor[0].value["target"][1] == "안\ufffd"
    checked(button(app, "pairs.restart").click().run())
    assert session.rows == NOTEBOOK_PAIRS
