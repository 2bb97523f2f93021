"""The app speaks to nobody outside: what its processes ask for is watched in all browser tests, see conftest.py."""

import shutil
import subprocess
import sys

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from benchmarks.server import ROOT

NO_ROUTE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def test_a_page_of_another_site_makes_the_server_look_nothing_up(visit, address):
    """Streamlit would ask checkip.amazonaws.com whether that site is this server, and let everybody wait meanwhile."""
    visit().is_at("start")
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with pytest.raises(InvalidStatus, match="403"):
        connect(stream, origin="http://elsewhere.example", open_timeout=None)


def test_a_page_can_ask_nobody_else(visit, troubles):
    """Whatever stands in a text: the browser was told so with the page."""
    student = visit()
    student.is_at("start")
    picture = "http://elsewhere.example/picture.png"
    refused = """picture => new Promise(seen => {
        addEventListener("securitypolicyviolation", event => seen(event.blockedURI))
        new Image().src = picture
    })"""
    assert student.page.evaluate(refused, picture) == picture
    assert troubles and all(picture in trouble for trouble in troubles)
    troubles.clear()


@pytest.mark.long
def test_a_machine_without_network_is_enough():
    """A training, a killed server and its restart where there is no route to anywhere."""
    if not shutil.which("unshare") or subprocess.run([*NO_ROUTE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace may be made here")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/browser/test_kept.py"]
    done = subprocess.run([*NO_ROUTE, *command], cwd=ROOT, check=False, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout
