"""What the server does before anybody comes in and with every answer, and how it ends."""

import contextlib
import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages import parts
from pages.parts.workspace.sessions import shared_sessions
from seq2seq.classroom.shared import shared_engine

# A browser asks nobody but this server, whatever stands in a text. Streamlit writes styles and makes workers, charts
# make functions out of their expressions; other pages may show the app in a frame, as schools do.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:",
    "Referrer-Policy": "same-origin",  # the address holds the id of a workspace
    "X-Content-Type-Options": "nosniff",
}
_SECONDS_FOR_START = 2.0  # in which a first page that is asked for at once has the server to itself


@contextlib.asynccontextmanager
async def serving(_app: st.App) -> AsyncIterator[None]:
    """Starts the training processes and loads what the pages need, so that the first to come waits for neither."""
    engine = shared_engine()
    loading = threading.Timer(_SECONDS_FOR_START, _load_pages)
    loading.daemon = True
    loading.start()
    try:
        yield
    finally:
        shared_sessions().close()
        engine.close()


def _load_pages() -> None:
    shared_sessions()
    for module in pkgutil.walk_packages(parts.__path__, f"{parts.__name__}."):
        importlib.import_module(module.name)


class Headers:
    """Adds to each answer of an app what browsers are to keep to."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; see https://asgi.readthedocs.io."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        return await self._app(scope, receive, send_with_headers)


MIDDLEWARE = [Middleware(Headers)]
