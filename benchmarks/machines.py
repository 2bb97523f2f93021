"""The machines of compose.yaml as processes of this one: its commands, its addresses, its template for nginx."""

import contextlib
import os
import re
import subprocess
import sys

import yaml

from benchmarks.server import ROOT, answers, free_port
from deploy.proxy import nginx_command

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]


class Machines:
    """Two web processes behind nginx, a scheduler and workers.

    Args:
        folder: for logs and nginx's own files.
        database: the address of the database.
        workers: how many.
        environment: variables besides those of compose.yaml.
    """

    def __init__(self, folder, database, workers, **environment):
        self._folder = folder
        self._environment = {"SEQ2SEQ_DATABASE_URL": database, "PYTHONPATH": str(ROOT), **environment}
        self._ports = {name: free_port() for name in ("proxy", "web1", "web2", "scheduler")}
        self.processes = {}
        for name in ("scheduler", *(f"worker{number}" for number in range(workers)), "web1", "web2"):
            service = SERVICES[name.rstrip("0123456789") if name.startswith("worker") else name]
            command = [self._here(part, name) for part in service["command"]]
            self._start(name, [sys.executable, "-m", *command], service)
        self._start_nginx()
        self.address = f"http://127.0.0.1:{self._ports['proxy']}"

    def wait(self):
        """Waits until both web processes answer, and nginx; returns where."""
        for name in ("web1", "web2"):
            answers(f"http://127.0.0.1:{self._ports[name]}", self.processes[name], self.log(name))
        return answers(self.address, self.processes["proxy"], self.log("proxy"))

    @property
    def scheduler(self):
        """The address of the scheduler."""
        return f"127.0.0.1:{self._ports['scheduler']}"

    def log(self, name):
        return self._folder / f"{name}.log"

    def kill(self, name):
        """Ends one as a power cut would, with whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, 9)
        self.processes[name].wait(30)

    def end(self):
        for name in self.processes:
            self.kill(name)

    def _here(self, text, name):
        """Returns what compose.yaml says with addresses and folders of this machine."""
        for service, port in self._ports.items():
            text = re.sub(rf"\b{service}:\d+", f"127.0.0.1:{port}", text)
        if name in self._ports:
            text = re.sub(r"\b(80|8501|8786)\b", str(self._ports[name]), text)
        return text.replace("0.0.0.0", "127.0.0.1").replace("/app", str(ROOT))

    def _start(self, name, command, service):
        said = {key: self._here(value, name) for key, value in service.get("environment", {}).items()}
        with self.log(name).open("w") as output:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | said | self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _start_nginx(self):
        service = SERVICES["proxy"]
        values = {key: self._here(value, "proxy") for key, value in service["environment"].items()}
        template = ROOT / service["volumes"][0].partition(":")[0]
        self._start("proxy", nginx_command(self._folder, template, values), {})
