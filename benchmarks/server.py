"""The app as a process that can be started, killed and started again."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 120  # seconds until it answers


def free_port() -> int:
    """Returns a port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(address: str, process: subprocess.Popen, log: Path) -> str:
    """Waits until the app answers at an address, and returns the address.

    Raises:
        ChildProcessError: it does not answer.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if urllib.request.urlopen(f"{address}/_stcore/health").status == 200:
                return address
        except OSError:
            time.sleep(0.1)
    raise ChildProcessError(f"the app does not answer\n{log.read_text()}")


class Server:
    """The app on a free port of this machine, with its own log.

    Args:
        folder: for the log.
        environment: variables besides those of this process.
    """

    def __init__(self, folder: Path, **environment: str):
        self.log = folder / "log"
        inherited = {name: value for name, value in os.environ.items() if name != "SEQ2SEQ_SCHEDULER"}
        self._environment = inherited | environment
        self._port = free_port()
        self.process: subprocess.Popen | None = None

    def start(self) -> str:
        """Starts it as the README says; returns where it answers.

        Raises:
            ChildProcessError: it does not answer.
        """
        settings = ["--server.headless=true", f"--server.port={self._port}", "--server.address=127.0.0.1"]
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *settings],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )
        return answers(f"http://127.0.0.1:{self._port}", self.process, self.log)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()
        self.process.wait(30)
