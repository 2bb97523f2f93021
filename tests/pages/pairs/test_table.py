"""What is changed in the table: by one student in two tabs, whatever they do one after the other."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.pairs.table import with_edits, with_ids
from pages.parts.workspace.rows import Table
from seq2seq import NOTEBOOK_PAIRS
from tests.pages.app import checked, click, edit, new_session, open_page, shows

START = Table.of((f"source {n}", f"target {n}") for n in range(6))


@dataclass
class Tab:
    """An editor as Streamlit's: the rows that it began with, and all that was changed in it since."""

    start: Table = START
    shown: Table = START
    added: Table = field(default_factory=Table)
    edited: dict[int, dict[str, str]] = field(default_factory=dict)
    deleted: list[int] = field(default_factory=list)
    written: list[tuple[str, str]] = field(default_factory=list)

    def do(self, what, row, words):
        """Does something to a row of its own; the rows that it wrote are counted after those that it began with."""
        n = row - len(self.start.rows)
        if what == "write":
            self.written.append((words, words))
        elif n < 0 and what == "edit" and row not in self.deleted:
            self.edited.setdefault(row, {})["target"] = words
        elif n < 0 and row not in self.deleted:
            self.deleted.append(row)
            self.edited.pop(row, None)
        elif 0 <= n < len(self.written):
            self.written[n : n + 1] = [(self.written[n][0], words)] if what == "edit" else []

    def send(self, table):
        """Returns a table with what was changed since the tab was asked last, and how many rows were gone."""
        before, kept = self.shown, with_edits(self.start, self.edited, self.deleted)
        self.added = with_ids(self.written, self.added)
        self.shown = Table(kept.rows + self.added.rows, kept.ids + self.added.ids)
        return table.with_changes(before, self.shown)


DEEDS = st.lists(
    st.tuples(st.sampled_from(["edit", "delete", "write"]), st.integers(0, 9), st.sampled_from("abc")), max_size=5
)


@given(st.lists(DEEDS, max_size=4))
def test_one_tab_alone_makes_the_table_what_it_shows(runs):
    """However its changes fall into runs, and whichever of the rows written in it were deleted again."""
    tab, table = Tab(), START
    for deeds in runs:
        for deed in deeds:
            tab.do(*deed)
        table, lost = tab.send(table)
        assert (table, lost) == (tab.shown, 0)
        assert tab.send(table) == (table, 0)  # sent again, it does nothing


@given(st.lists(st.tuples(st.booleans(), st.booleans(), DEEDS), max_size=6))
def test_changes_of_different_rows_in_two_tabs_both_survive(turns):
    """Whoever does what in which order: even rows are of one tab, odd ones of the other."""
    tabs, table = (Tab(), Tab()), START
    for is_second, is_sent, deeds in turns:
        for what, row, words in deeds:
            is_own = row % 2 == is_second or row >= len(START.rows)
            if what == "write" or is_own:
                tabs[is_second].do(what, row, words)
        if is_sent:
            table, lost = tabs[is_second].send(table)
            assert lost == 0
    for tab in tabs:
        table, _ = tab.send(table)
    now = by_id(table)
    for row, id in enumerate(START.ids):
        assert now.get(id) == by_id(tabs[row % 2].shown).get(id)
    assert sorted(now[id] for id in now.keys() - START.ids) == sorted(tabs[0].written + tabs[1].written)


def by_id(table):
    assert len(set(table.ids)) == len(table.ids) == len(table.rows)
    return dict(zip(table.ids, table.rows, strict=True))


def test_cells_of_one_row_that_are_changed_in_two_tabs_both_survive():
    first, _ = START.with_changes(START, with_edits(START, {2: {"source": "new"}}, []))
    both, _ = first.with_changes(START, with_edits(START, {2: {"target": "neu"}}, []))
    assert both.rows[2] == ("new", "neu")


def test_a_change_of_a_row_that_is_gone_is_lost_and_counted():
    less, _ = START.with_changes(START, with_edits(START, {}, [2]))
    assert less.with_changes(START, with_edits(START, {2: {"target": "x"}, 3: {"target": "y"}}, [])) == (
        with_edits(START, {3: {"target": "y"}}, [2]),
        1,
    )


# --- On the page -----------------------------------------------------------------------------------------------------


@pytest.fixture
def tabs():
    session = new_session()
    return session, open_page("pairs", session), open_page("pairs", session)


def test_an_idle_tab_puts_nothing_back(tabs):
    session, idle, busy = tabs
    edit(idle, {0: {"target": "하나"}})
    edit(busy, {0: {"target": "둘"}}, deleted=[4])
    rows = session.rows
    checked(idle.run())  # of itself, as when a training begins elsewhere
    checked(idle.toggle(key="Session-is_large").set_value(True).run())
    assert session.rows == rows
    assert idle.data_editor[0].value["target"].tolist() == [target for _, target in rows]


def test_different_rows_edited_in_two_tabs_both_survive(tabs):
    session, first, second = tabs
    edit(first, {0: {"target": "하나"}}, [{"source": "One", "target": "일"}])
    edit(second, {1: {"target": "둘"}}, [{"source": "Two", "target": "이"}], [4])
    rows = (("Hello.", "하나"), ("How are you?", "둘"), *NOTEBOOK_PAIRS[2:4], ("One", "일"), ("Two", "이"))
    assert session.rows == rows
    assert second.data_editor[0].value["source"].tolist() == [source for source, _ in rows]
    click(second, "frame.undo")
    click(first, "frame.undo")
    assert session.rows == NOTEBOOK_PAIRS


def test_an_edit_of_a_row_that_was_deleted_in_another_tab_is_dropped_and_said(tabs):
    session, first, second = tabs
    edit(first, deleted=[0])
    edit(second, {0: {"target": "하나"}, 1: {"target": "둘"}})
    assert session.rows == (("How are you?", "둘"), *NOTEBOOK_PAIRS[2:])
    assert [toast.value for toast in second.toast] == [
        "Rows that you changed and another tab had deleted meanwhile: 1. They stay deleted."
    ]
    assert shows(second, "pairs.used", used=4, rows=4)
