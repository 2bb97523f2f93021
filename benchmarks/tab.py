"""A tab without a browser: what Streamlit's front end asks for, keeps and shows, over the same messages."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 600  # seconds until a student gives up
_CLOSING_SECONDS = 10
_CACHED_RUNS = 2  # of the page, in which a large message is remembered


class Change(NamedTuple):
    """What somebody does with a widget: its id, and its new value with the name of its kind in `WidgetState`."""

    id: str
    kind: str
    value: Any


class Tab:
    """A tab of the app that looks at what comes, and asks again as often as the page wants it.

    Args:
        address: of the app.
        see: is given each message as it comes over the wire.

    Attributes:
        elements: what the page shows, by its place.
        query: what stands behind the "?" in the address bar.
        redraws: how many seconds each redraw took that the page asked for by itself, to its last message.
        problems: exceptions and errors that were shown, and whatever else must not happen.
    """

    def __init__(self, address: str, see: Callable[[bytes], None] = lambda message: None):
        self._address, self._see = address, see
        self.elements: dict[tuple[int, ...], Any] = {}
        self.query = ""
        self.redraws: list[float] = []
        self.problems: list[str] = []
        self._drawn: dict[tuple[int, ...], Any] = {}  # in the run under way
        self._cache: dict[str, tuple[int, ForwardMsg]] = {}  # by its hash: in which run it came last
        self._page = ""  # the hash of its script
        self._widgets: dict[str, Change] = {}  # what was changed on the page; a browser tells it again and again
        self._timers: dict[str, asyncio.Task] = {}  # by the fragments that they ask for
        self._asked: dict[str, float] = {}  # when a fragment was asked for that has not come yet
        self._runs = 0  # of the whole page, that have ended
        self._news = asyncio.Event()

    async def open(self, query: str = "") -> float:
        """Opens the app; returns after how many seconds the first page is there."""
        began, self.query = time.perf_counter(), query
        url = f"{self._address.replace('http', 'ws', 1)}/_stcore/stream"
        self._socket: ClientConnection = await connect(
            url, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE, ping_timeout=PATIENCE
        )
        self._receiving = asyncio.create_task(self._receive())
        await self.act()
        return time.perf_counter() - began

    async def close(self) -> None:
        """Closes the tab once what it asked for has come: Streamlit logs a traceback if it is sending then."""
        self._stop_timers(list(self._timers))
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await self.wait(lambda: not self._asked)
        self._receiving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._receiving
        await self._socket.close()

    # --- What its user does ------------------------------------------------------------------------------------------

    async def act(self, *changes: Change, until: Callable[[], bool] = lambda: True) -> float:
        """Changes widgets and runs the page; returns how many seconds it takes until it is there, and `until` holds."""
        for change in changes:
            if change.kind != "trigger_value":
                self._widgets[change.id] = change
        return await self._run(until, [*self._widgets.values(), *(c for c in changes if c.kind == "trigger_value")])

    async def follow(self, link: Any, until: Callable[[], bool]) -> float:
        """Goes to another page by a link; see `act`."""
        if link.page_script_hash != self._page:
            self._widgets = {}
        self._page, self.query = link.page_script_hash, link.query_string
        return await self._run(until, self._widgets.values())

    async def wait(self, until: Callable[[], bool]) -> None:
        """Looks on until something holds.

        Raises:
            TimeoutError: it never did.
            ConnectionError: nothing comes any more.
        """
        async with asyncio.timeout(PATIENCE):
            while not until():
                if self._receiving.done():
                    raise ConnectionError from self._receiving.exception()
                self._news.clear()
                await self._news.wait()

    async def _run(self, until: Callable[[], bool], widgets: Iterable[Change]) -> float:
        began, runs = time.perf_counter(), self._runs
        self._asked.clear()  # this run comes in the place of fragments that were asked for
        await self._ask(widgets)
        await self.wait(lambda: self._runs > runs and until())
        return time.perf_counter() - began

    async def _ask(self, widgets: Iterable[Change], fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_script_hash = self.query, self._page
        asked.fragment_id, asked.is_auto_rerun = fragment, bool(fragment)
        asked.cached_message_hashes.extend(self._cache)
        asked.context_info.locale, asked.context_info.timezone = "en-GB", "UTC"
        asked.context_info.url = self._address
        for change in widgets:
            state = asked.widget_states.widgets.add(id=change.id)
            setattr(state, change.kind, change.value)
        await self._socket.send(message.SerializeToString())

    # --- What the page shows -----------------------------------------------------------------------------------------

    def shown(self, kind: str) -> list[Any]:
        """Returns the elements of one kind that the page shows, such as "button"."""
        return [getattr(one, kind) for one in self.elements.values() if one.WhichOneof("type") == kind]

    def labelled(self, kind: str, label: str) -> Any:
        """Returns the first element of a kind with a label.

        Raises:
            LookupError: the page shows none.
        """
        labels = [one.label for one in self.shown(kind)]
        if label not in labels:
            raise LookupError(f"there is no {kind} {label!r} among {labels}")
        return self.shown(kind)[labels.index(label)]

    # --- What comes over the wire ------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        try:
            async for data in self._socket:
                self._see(data)
                self._take(ForwardMsg.FromString(data))
        except ConnectionClosed as error:
            self.problems.append(f"the connection ended: {error}")
        finally:
            self._news.set()

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":  # of one that the browser has
            path = message.metadata.delta_path
            _, cached = self._cache[message.ref_hash]
            message = ForwardMsg.FromString(cached.SerializeToString())
            message.metadata.delta_path[:] = path
            kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._cache[message.hash] = self._runs, message
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._page, self._drawn = message.new_session.page_script_hash, {}
            self._stop_timers(list(self._timers))
        elif kind == "delta" and message.delta.HasField("new_element"):
            self._draw(tuple(message.metadata.delta_path), message.delta.new_element)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            timer = message.auto_rerun
            self._stop_timers([timer.fragment_id])
            self._timers[timer.fragment_id] = asyncio.create_task(self._ask_again(timer.fragment_id, timer.interval))
        elif kind == "stop_auto_rerun":
            self._stop_timers(message.stop_auto_rerun.fragment_ids)
        elif kind == "script_finished":
            self._finish(message.script_finished, list(message.metadata.run.fragment_ids))
        elif kind in ("session_event", "page_not_found"):
            self.problems.append(str(message))

    def _draw(self, path: tuple[int, ...], element: Any) -> None:
        kind = element.WhichOneof("type")
        self.elements[path] = self._drawn[path] = element
        if kind == "exception" or (kind == "alert" and element.alert.format == Alert.ERROR):
            self.problems.append(f"shown: {getattr(element, kind)}")
        widget = getattr(element, kind)
        if getattr(widget, "set_value", False):  # it is told what to show
            self._widgets.pop(widget.id, None)

    def _finish(self, status: int, fragments: list[str]) -> None:
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.problems.append("a page could not be run")
        elif status == ForwardMsg.FINISHED_SUCCESSFULLY:
            self.elements = dict(self._drawn)  # what was not drawn again is gone
            self._runs += 1
            oldest = self._runs - _CACHED_RUNS
            self._cache = {hash: (run, one) for hash, (run, one) in self._cache.items() if run >= oldest}
            fragments = list(self._asked)  # one of them had the whole page drawn anew
        elif status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        now = time.perf_counter()
        self.redraws += [now - self._asked.pop(fragment) for fragment in fragments if fragment in self._asked]
        self._news.set()

    async def _ask_again(self, fragment: str, interval: float) -> None:
        """Asks for a fragment again and again, as a timer of the page wants it."""
        while True:
            await asyncio.sleep(interval)
            self._asked.setdefault(fragment, time.perf_counter())
            with contextlib.suppress(ConnectionClosed):  # `_receive` tells it
                await self._ask(self._widgets.values(), fragment)

    def _stop_timers(self, fragments: Iterable[str]) -> None:
        for fragment in fragments:
            if timer := self._timers.pop(fragment, None):
                timer.cancel()
