"""Opens the app to everybody in this network: `make class`, or `python deploy/open_class.py [port]`.

It prints the address for the students, and a QR code of it for the projector. Web process: one, which serves thirty.
Where there are more students or machines, compose.yaml has two behind nginx.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import sys
from pathlib import Path

import psutil
import segno
from streamlit.web.cli import main as streamlit

ROOT = Path(__file__).parents[1]


def addresses() -> list[str]:
    """Returns this machine's addresses in its networks; first the one with which it would speak to the world."""
    up = [name for name, state in psutil.net_if_stats().items() if state.isup]
    of_interfaces = [each for name, found in psutil.net_if_addrs().items() if name in up for each in found]
    numbers = [ipaddress.ip_address(each.address) for each in of_interfaces if each.family == socket.AF_INET]
    found = [str(number) for number in numbers if not (number.is_loopback or number.is_link_local)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # to connect a datagram socket sends nothing
        first = probe.getsockname()[0]
        found.sort(key=lambda address: address != first)
    return found


def main(port: int) -> None:
    """Serves until Ctrl-C."""
    found = addresses()
    if found:
        segno.make(f"http://{found[0]}:{port}").terminal(compact=True)
    print("Students open", " or ".join(f"http://{address}:{port}" for address in found or ["localhost"]), flush=True)
    os.chdir(ROOT)  # where Streamlit's settings are
    streamlit(
        ["run", "streamlit_app.py", "--server.headless=true", "--server.address=0.0.0.0", f"--server.port={port}"]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8501)
