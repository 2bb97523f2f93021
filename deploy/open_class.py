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
from pathlib import Path

import psutil
import segno

from deploy.proxy import NGINX, TEMPLATE, nginx_command

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


def behind_nginx(port: int, folder: Path, cores: int) -> list[subprocess.Popen]:
    """Starts two web processes, each with its share of the training processes, and nginx before them."""
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        ports = [free.getsockname()[1] for free in (first, second)]
    share = {} if "SEQ2SEQ_WORKERS" in os.environ else {"SEQ2SEQ_WORKERS": str(cores // 2)}
    webs = {f"WEB{n}": f"127.0.0.1:{web}" for n, web in enumerate(ports, start=1)}
    nginx = nginx_command(folder, TEMPLATE, {"LISTEN": str(port)} | webs)
    proxy = subprocess.Popen(nginx, stdout=subprocess.DEVNULL)  # it would print a line for each file that it hands on
    return [*(web_process("127.0.0.1", web, **share) for web in ports), proxy]


def main(port: int) -> None:
    """Serves until Ctrl-C, or until one of the processes ends."""
    found, cores = addresses(), len(psutil.Process().cpu_affinity()) if sys.platform == "linux" else os.cpu_count()
    if found:
        segno.make(f"http://{found[0]}:{port}").terminal(compact=True)
    print("Students open", " or ".join(f"http://{address}:{port}" for address in found or ["localhost"]), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder:
        several = NGINX is not None and cores > 1
        processes = behind_nginx(port, Path(folder), cores) if several else [web_process("0.0.0.0", port)]
        try:
            while all(process.poll() is None for process in processes):
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass  # the others have heard it as well
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(30)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8501)
