"""The real app in a real Chromium. Without a browser these tests are skipped; with CI=true they fail instead."""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect, sync_playwright

from benchmarks.server import Server
from tests.browser.student import PATIENCE, Student

NO_BROWSER = "no Chromium on the PATH and none of Playwright's own: run `playwright install chromium`"
LOCALES = {"ko": "ko-KR", "en": "en-GB"}


def pytest_terminal_summary(terminalreporter):
    if any(NO_BROWSER in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"The browser tests were skipped: {NO_BROWSER}.", yellow=True)


@pytest.fixture(scope="module")  # a Playwright that lives on would leave its event loop running for other tests
def chromium():
    """A browser without a window."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        if not found and not Path(playwright.chromium.executable_path).exists():
            if os.environ.get("CI") == "true":
                pytest.fail(NO_BROWSER)
            pytest.skip(NO_BROWSER)
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu"])  # there is none
        expect.set_options(timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Where the app answers. It is started as the README says; when it ends, its training processes must end too.

    None of its processes may ever have looked up a name or spoken to another machine.
    """
    folder = tmp_path_factory.mktemp("app")
    spoken_to = folder / "spoken_to"
    spoken_to.touch()
    server = Server(folder, PYTHONPATH=str(Path(__file__).with_name("watched")), SPOKEN_TO=str(spoken_to))
    try:
        yield server.start()
        processes = psutil.Process(server.process.pid).children(recursive=True)
        assert processes, "the app has no training processes"
        if psutil.LINUX:  # whatever the runs sent, nothing of it may have loaded TensorFlow beside the pages
            maps = psutil.Process(server.process.pid).memory_maps()
            assert not [file.path for file in maps if "tensorflow" in file.path]
        server.process.terminate()
        server.process.wait(30)
        _, alive = psutil.wait_procs(processes, timeout=30)
        assert alive == []
        assert spoken_to.read_text() == ""
        assert "Traceback" not in server.log.read_text(), f"\n{server.log.read_text()}"
    finally:
        server.kill()


@pytest.fixture
def troubles():
    """What went wrong in the browser; nothing may be left at the end of a test."""
    found = []
    yield found
    assert found == []


@pytest.fixture
def visit(chromium, address, troubles):
    """Opens the app as a new student: `visit(language, path, **context)` returns a `Student`.

    Exceptions, errors, failures and requests to other servers in any of their pages are troubles.
    """
    contexts = []

    def visit(language="en", path="/", who=Student, width=1280, height=800, **options):
        viewport = {"width": width, "height": height}
        # Without what only moves on the screen: a quarter of the browser's work, and no test is about it.
        options |= {"viewport": viewport, "locale": LOCALES[language], "reduced_motion": "reduce"}
        context = chromium.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("page", lambda page: _watch(page, address, troubles))
        page = context.new_page()
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}questions=off")  # they hold answers back
        # Streamlit loads what draws our styles by itself: on a busy machine a page can be there before it.
        page.wait_for_function("getComputedStyle(document.documentElement).getPropertyValue('--page-width')")
        return who(page, language)

    yield visit
    for context in contexts:
        for page in context.pages:
            if page.get_by_test_id("stException").count():
                troubles.append(f"an exception is shown at {page.url}")
        context.close()


def _watch(page, address, troubles):
    def on_request(request):
        if request.url.startswith("http") and urlsplit(request.url).netloc != urlsplit(address).netloc:
            troubles.append(f"asked another server: {request.url}")

    def on_failure(request):
        if request.failure != "net::ERR_ABORTED":  # the student went on before it had come
            troubles.append(f"{request.failure}: {request.url}")

    # At the address of a page Streamlit first tries whether the server is there, and is told that it is not.
    first_try = re.compile(r"/\w+/_stcore/")

    def on_response(response):
        if response.status >= 400 and not first_try.search(response.url):
            troubles.append(f"{response.status}: {response.url}")

    def on_console(message):
        if message.type == "error" and not first_try.search(message.location["url"]):
            troubles.append(f"console: {message.text}")

    page.on("request", on_request)
    page.on("requestfailed", on_failure)
    page.on("response", on_response)
    page.on("pageerror", lambda error: troubles.append(f"JavaScript: {error}"))
    page.on("console", on_console)


@pytest.fixture(scope="session")
def trained_path():
    """Where the notebook's lesson is that was trained once for all tests: filled by `trained`."""
    return []


@pytest.fixture
def trained(visit, address, trained_path):
    """The path of the page Translate of the notebook's lesson, trained until all is right."""
    if not trained_path:
        student = visit(path="/train")
        student.is_at("train")
        student.button("train.start").click()
        student.sees("train.ended_right")
        student.goes_to("translate")
        trained_path.append(student.page.url.removeprefix(address))
    return trained_path[0]
