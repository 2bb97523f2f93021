"""The table of pairs. Its rows have ids, so that what two tabs change at once can be put together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice
from typing import Self

from seq2seq.data.checks import Checked, check_pairs
from seq2seq.limits import MAX_ROWS, MAX_TYPED

Row = tuple[str, str]  # source and target as typed, faulty or not
_new_ids = count()


@dataclass(frozen=True)
class Table:
    """Rows at one moment. It never changes: another table takes its place, with all that follows from its rows."""

    rows: tuple[Row, ...] = ()  # as typed
    ids: tuple[int, ...] = ()  # of the rows; a row keeps its own whatever is done to it and to the others

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """Returns a table of new rows."""
        rows = tuple(_kept(rows))
        return cls(rows, tuple(islice(_new_ids, len(rows))))

    @cached_property
    def checked(self) -> Checked:
        """The usable pairs and the problems. 80,000 rows take half a second, so once for each table."""
        return check_pairs(self.rows)

    def with_changes(self, before: Self, after: Self) -> tuple[Self, int]:
        """Does to this table what turned one table into another, though others may have changed it meanwhile.

        Cells that differ are set, rows that are missing are deleted, new ones are put at the end. Returns the table,
        and how many of the changed rows are not there any more.
        """
        old, new = dict(zip(before.ids, before.rows, strict=True)), dict(zip(after.ids, after.rows, strict=True))
        deleted = old.keys() - new.keys()
        rows = {id: row for id, row in zip(self.ids, self.rows, strict=True) if id not in deleted}
        changed = [id for id, row in new.items() if id in old and row != old[id]]
        for id in rows.keys() & changed:
            cells = zip(rows[id], old[id], new[id], strict=True)
            rows[id] = tuple(now if was == typed else typed for now, was, typed in cells)
        gone = sum(id not in rows for id in changed)
        rows |= {id: row for id, row in new.items() if id not in old}
        if len(rows) > MAX_ROWS or any(len(cell) > MAX_TYPED for id in new.keys() & rows.keys() for cell in rows[id]):
            rows = dict(zip(rows, _kept(rows.values()), strict=False))
        ids = tuple(rows)
        return Table(tuple(rows.values()), self.ids if ids == self.ids else ids), gone  # earlier tables share their ids


def _kept(rows: Iterable[Row]) -> Iterator[Row]:
    """Yields as much of some rows as is kept: what is more could not be read again."""
    for row in islice(rows, MAX_ROWS):
        source, target = row
        is_short = len(source) <= MAX_TYPED and len(target) <= MAX_TYPED
        yield row if is_short else (source[:MAX_TYPED], target[:MAX_TYPED])
