"""What somebody in front of the app waits for, and what the app takes while nobody does anything.

The engine alone, and the real app in a real Chromium.
"""

from __future__ import annotations

import atexit
import base64
import re
import shutil
import socket
import subprocess
import sys
import time

import psutil
from playwright.sync_api import Locator, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.measure import ROOT
from pages.parts.texts import catalogue
from seq2seq import NOTEBOOK_PAIRS, Lesson, Pair, TrainingState
from seq2seq.classroom.shared import shared_engine
from seq2seq.data.files import write_pairs

PATIENCE = 120_000  # milliseconds until the browser gives up
LONG_PAIR = Pair("A quick brown fox jumps over the lazy dog and then it rests.", "0123456789" * 6)
TEXTS = catalogue("en")
EPOCHS_DONE = re.escape(TEXTS["run.epochs"]).replace(r"\{done\}", r"(\d+)").replace(r"\{epochs\}", r"\d+")

# Clicks, looks at every frame, and returns the seconds until the progress line says that an epoch is done.
UNTIL_EPOCH = """(button, done) => new Promise(resolve => {
    const clicked = performance.now()
    button.click()
    const look = () => {
        const line = document.querySelector("[data-testid=stMain] [data-testid=stProgress]")
        if (line?.innerText.match(done)?.[1] >= 1) resolve((performance.now() - clicked) / 1000)
        else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
})"""
# Clicks and returns the seconds until the frame with another step of the picture was painted.
UNTIL_DRAWN = """button => new Promise((resolve, reject) => {
    const told = () => button.getRootNode().querySelector(".narration").innerText
    const before = told(), clicked = performance.now(), painted = new MessageChannel()
    painted.port1.onmessage = () =>
        told() === before ? reject("nothing was drawn") : resolve((performance.now() - clicked) / 1000)
    button.click()
    requestAnimationFrame(() => painted.port2.postMessage(0))  // which comes after this frame
})"""


class Submitted:
    """The engine of a web process with its own warm workers."""

    def __init__(self):
        self._engine = shared_engine()
        while not self._engine.ready:
            time.sleep(0.1)
        self.first_record()

    def first_record(self) -> None:
        """Submits the default lesson and waits for the record of its first epoch."""
        run = self._engine.submit(TrainingState.new(Lesson(NOTEBOOK_PAIRS)))
        while not run.history:
            time.sleep(0.001)
        self._engine.pause(run)
        while run.is_active:
            time.sleep(0.001)


class Browser:
    """A Chromium without a window, and servers of the app for it to look at. Times are in seconds."""

    def __init__(self):
        self._server: subprocess.Popen | None = None
        names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
        found = next(filter(None, map(shutil.which, names)), None)  # else Playwright's own
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=found)
        atexit.register(self._end)

    def start_server(self) -> float:
        """Starts the app and returns how long it takes to the headline of the first page; ends the one before."""
        self._end_server()
        self._context = self._chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
        self._context.set_default_timeout(PATIENCE)
        self._page = self._context.new_page()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        began = time.perf_counter()
        settings = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
        self._server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *settings],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while self._server.poll() is None:  # Chromium itself would be busy with showing that it does not listen yet
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        self._page.goto(f"http://127.0.0.1:{port}")
        self._page.get_by_role("heading", level=1, name=TEXTS["start.title"]).wait_for()
        return time.perf_counter() - began

    def warm_up(self) -> None:
        """Goes to the page Train and trains once, which waits for the workers."""
        self._goes_to("train")
        self._button("train.start").click()
        self._page.get_by_text(TEXTS["train.ended_right"]).first.wait_for()

    def first_loss(self) -> float:
        """Starts a training, and returns how long it takes from the click to the first epoch on the page."""
        self._button("train.reset").click()
        self._page.get_by_text(TEXTS["run.paused"]).first.wait_for()
        waited = self._button("train.start").element_handle().evaluate(UNTIL_EPOCH, EPOCHS_DONE)
        self._page.get_by_text(TEXTS["train.ended_right"]).first.wait_for()
        return waited

    def redraws(self, while_seconds: float) -> list[float]:
        """Trains for a while and returns how long each redraw took.

        That is from the browser's asking, which it does by itself, to the last message of the server's answer.
        """
        asked, took = None, []

        def on_sent(event):
            nonlocal asked
            if BackMsg.FromString(base64.b64decode(event["response"]["payloadData"])).HasField("rerun_script"):
                asked = event["timestamp"]

        def on_received(event):
            nonlocal asked
            message = ForwardMsg.FromString(base64.b64decode(event["response"]["payloadData"]))
            if message.HasField("script_finished") and asked is not None:
                took.append(event["timestamp"] - asked)
                asked = None

        self._sets("train.epochs", 10_000)
        self._page.get_by_text(TEXTS["train.stop_when_right"], exact=True).click()
        self._button("train.start").click()
        self._page.wait_for_timeout(2_000)
        wire = self._context.new_cdp_session(self._page)
        wire.on("Network.webSocketFrameSent", on_sent)
        wire.on("Network.webSocketFrameReceived", on_received)
        wire.send("Network.enable")
        self._page.wait_for_timeout(1_000 * while_seconds)
        wire.detach()
        self._button("train.pause").click()
        self._button("train.resume").wait_for()
        return took

    def decoding_steps(self, steps: int) -> list[float]:
        """Steps through a translation with 256 units and a source of 60 characters; from each click to the picture."""
        self._goes_to("pairs")
        file = {"name": "pairs.csv", "mimeType": "text/csv", "buffer": write_pairs([LONG_PAIR])}
        self._page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
        self._page.get_by_role("button", name=TEXTS["reading.use"].format(pairs=1), exact=True).click()
        self._page.get_by_text(TEXTS["pairs.used"].format(used=1, rows=1)).wait_for()
        self._goes_to("model")
        self._sets("model.hidden_size", 256)
        self._goes_to("train")
        self._button("train.reset").click()  # a run of these pairs and units, not one more epoch of the one before
        self._page.get_by_text(re.compile(EPOCHS_DONE.replace(r"(\d+)", "0"))).first.wait_for()
        self._button("train.more", epochs=1).click()
        self._page.get_by_text(TEXTS["run.epochs"].format(done=1, epochs=1)).first.wait_for()
        self._goes_to("translate")
        following = self._page.locator(".stepper [data-does=next]")
        took = []
        for _ in range(steps):
            following.click(trial=True)  # waits until it can be clicked
            took.append(following.element_handle().evaluate(UNTIL_DRAWN))
        return took

    def idle(self, seconds: float, pages: int) -> tuple[float, float]:
        """Lets everything rest for a while, without and with open pages.

        Returns:
            How much of a core, in percent, the app and its cluster take; and how much more for each open page.
        """
        self._goes_to("train")
        address = self._page.url
        self._page.goto("about:blank")
        alone = self._percent_of_a_core(seconds)
        tabs = [self._context.new_page() for _ in range(pages)]
        for tab in tabs:
            tab.goto(address)
            tab.get_by_role("heading", level=1, name=TEXTS["train.title"], exact=True).wait_for()
        return alone, max(0.0, self._percent_of_a_core(seconds) - alone) / pages

    def _percent_of_a_core(self, seconds: float) -> float:
        self._page.wait_for_timeout(5_000)  # until what was asked for before is done
        before, began = self._cpu_seconds(), time.perf_counter()
        self._page.wait_for_timeout(1_000 * seconds)
        return 100 * (self._cpu_seconds() - before) / (time.perf_counter() - began)

    def _cpu_seconds(self) -> float:
        """Returns the time that the server and the processes of its cluster have had on a core."""
        server = psutil.Process(self._server.pid)
        times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def _goes_to(self, name: str) -> None:
        sidebar = self._page.get_by_test_id("stSidebar")
        sidebar.get_by_role("link", name=TEXTS[f"{name}.menu"], exact=True).click()
        self._page.get_by_role("heading", level=1, name=TEXTS[f"{name}.title"], exact=True).wait_for()
        self._page.wait_for_timeout(1_000)

    def _button(self, key: str, **values) -> Locator:
        # While a page runs again, what it drew before may still stand elsewhere.
        fresh = self._page.locator("[data-testid=stMain] [data-testid=stElementContainer][data-stale=false]")
        name = re.escape(TEXTS[key].format(**values))
        return fresh.get_by_role("button", name=re.compile(f"^{name}( Shortcut .+)?$"), disabled=False)

    def _sets(self, key: str, value: int) -> None:
        number = self._page.get_by_role("spinbutton", name=TEXTS[key], exact=True)
        number.fill(str(value))
        number.press("Enter")
        self._page.wait_for_timeout(1_000)

    def _end_server(self) -> None:
        if self._server is not None:
            self._context.close()
            self._server.terminate()
            self._server.wait()

    def _end(self) -> None:
        self._end_server()
        self._chromium.close()
        self._playwright.stop()
