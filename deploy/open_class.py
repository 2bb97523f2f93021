"""Opens the app to everybody in this network: `make class`, or `python -m deploy.open_class [port]`.

It prints the address for the students, and a QR code of it for the projector. Where nginx is installed and there are
two cores, two web processes stand behind it: pages of thirty students then come three times as quickly (README, "For a
class"), for one Python process computes on one core alone. Else it is one.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import segno

from deploy.proxy import NGINX, TEMPLATE, nginx_command
from seq2seq.classroom.cluster import worker_count

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


def web_process(address: str, port: int, **variables: str) -> subprocess.Popen:
    """Starts the app."""
    settings = ["--server.headless=true", f"--server.address={address}", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *settings]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | variables)  # where Streamlit's settings are


def behind_nginx(port: int, folder: Path, ports: Sequence[int]) -> subprocess.Popen:
    """Starts nginx before two web processes on some ports of this machine."""
    webs = {f"WEB{n}": f"127.0.0.1:{web}" for n, web in enumerate(ports, start=1)}
    command = nginx_command(folder, TEMPLATE, {"LISTEN": str(port)} | webs)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # it would print a line for each file that it hands on


def free_ports() -> list[int]:
    """Returns two ports of this machine that nobody uses."""
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in (first, second)]


def serve(port: int, folder: Path) -> None:
    """Serves until it is told to end, or until nobody is left who answers."""
    workers, webs, proxy = worker_count(), [], None
    try:
        if NGINX is None or workers < 2:
            webs.append(web_process("0.0.0.0", port))
        else:
            ports = free_ports()
            share = str(workers // 2)
            webs += [web_process("127.0.0.1", web, SEQ2SEQ_WORKERS=share) for web in ports]
            proxy = behind_nginx(port, folder, ports)
        # Where one web process is gone, nginx sends its students to the other.
        while any(web.poll() is None for web in webs) and (proxy is None or proxy.poll() is None):
            time.sleep(0.5)
        sys.exit(1)
    finally:
        processes = [*webs, *([proxy] if proxy else [])]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def main(port: int) -> None:
    """Opens the class until Ctrl-C."""
    found = addresses()
    if found:
        segno.make(f"http://{found[0]}:{port}").terminal(compact=True)
    print("Students open", " or ".join(f"http://{address}:{port}" for address in found or ["localhost"]), flush=True)
    for name in ("SIGTERM", "SIGHUP"):  # the latter when the terminal is closed; Windows has none
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        serve(port, Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8501)
