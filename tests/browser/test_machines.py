"""More than one machine: what compose.yaml says, and its commands as plain processes behind a real nginx."""

import os
import re
import subprocess
import sys

import psutil
import pytest
from distributed import Client, Security
from playwright.sync_api import expect

from benchmarks.machines import COMPOSE, SERVICES, Machines
from benchmarks.server import ROOT, answers, free_port
from deploy.open_class import addresses
from deploy.proxy import NGINX
from tests.browser.student import PATIENCE, Student
from tests.classroom.databases import postgres

NO_NGINX = "no nginx here: install Debian's `nginx-light`"


@pytest.fixture
def machines(tmp_path):
    """Starts machines: `machines(workers, **environment)`; their database is a PostgreSQL."""
    if NGINX is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_NGINX)
    started = []

    def start(workers, **environment):
        started.append(Machines(tmp_path, url, workers, **environment))
        return started[-1]

    with postgres() as url:
        yield start
        for each in started:
            each.end()


@pytest.fixture
def student(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield Student(context.new_page(), "en")
    context.close()


def web_of(student):
    """Returns the web process that the student is sent to."""
    [web] = [each["value"] for each in student.page.context.cookies() if each["name"] == "seq2seq_web"]
    return web


def lose_web(student, here):
    """Kills the web process that a student is on, and waits until the page has gone over to the other."""
    was = web_of(student)
    with student.page.expect_websocket() as connected:
        here.kill(was)
    connected.value.wait_for_event("framereceived")
    student.goes_to("tensors")  # without a reload
    assert {was, web_of(student)} == {"web1", "web2"}
    student.page.reload()
    student.is_at("tensors")


@pytest.mark.long
def test_a_student_outlives_a_web_process(machines, student):
    here = machines(workers=0)
    student.page.goto(f"{here.wait()}/pairs?questions=off")
    student.is_at("pairs")
    student.types("target", 1, "어떻게 지내니?")
    student.sees_it_saved()
    lose_web(student, here)
    student.goes_to("pairs")
    expect(student.cell("target", 1)).to_have_text("어떻게 지내니?")
    student.button("frame.undo").click()
    expect(student.cell("target", 1)).to_have_text("잘 지내니?")
    student.uploads("One.\t하나.\n".encode())  # to the web process that it is on now
    student.uses_the_file(1)
    student.has_rows(1)
    assert "lesson=" not in here.log("proxy").read_text()


def certificates(folder):
    """Returns variables that give Dask certificates for all who take part."""
    made = Security.temporary()
    (folder / "cert.pem").write_text(made.tls_ca_file)
    (folder / "key.pem").write_text(made.tls_client_key)
    where = {"CA_FILE": "cert.pem"}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        where |= {f"{role}__CERT": "cert.pem", f"{role}__KEY": "key.pem"}
    variables = {f"TLS__{name}": str(folder / file) for name, file in where.items()}
    variables |= {"DEFAULT_SCHEME": "tls", "REQUIRE_ENCRYPTION": "true"}
    security = {"tls_ca_file": made.tls_ca_file, "tls_client_cert": made.tls_ca_file}
    return (
        {f"DASK_DISTRIBUTED__COMM__{name}": value for name, value in variables.items()},
        Security(**security, tls_client_key=made.tls_client_key, require_encryption=True),
    )


@pytest.mark.long
def test_a_training_outlives_its_worker_and_its_web_process(machines, student, tmp_path):
    variables, security = certificates(tmp_path)
    here = machines(workers=3, **variables)
    student.page.goto(f"{here.wait()}/train?questions=off")
    student.is_at("train")
    student.sets("train.epochs", 10_000)
    student.lets_it_train_on()
    student.button("train.start").click()
    done = student.epochs_done(more_than=3)

    with Client(f"tls://{here.scheduler}", security=security, set_as_default=False) as client:
        client.wait_for_workers(3)
        trains_on = next(worker for worker in iter_busy(client))
        pid = client.run(os.getppid, workers=[trains_on])[trains_on]  # its nanny
    here.kill(next(name for name, process in here.processes.items() if process.pid == pid))
    done = student.epochs_done(more_than=done)

    lose_web(student, here)
    student.goes_to("train")
    student.epochs_done(more_than=done)  # it goes on by itself
    student.button("train.pause").click()
    student.sees("run.paused")


def iter_busy(client):
    """Yields the workers that have a slice, whenever one has."""
    while True:
        yield from (worker for worker, tasks in client.processing().items() if tasks)


# --- What compose.yaml says ------------------------------------------------------------------------------------------


def test_compose_names_what_is_there():
    for name, service in SERVICES.items():
        assert "build" in service or re.fullmatch(r"\w+:\d+\.\d+(\.\d+)?-\w+", service["image"]), name  # pinned
        assert set(service.get("depends_on", [])) <= set(SERVICES)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]
    assert SERVICES["web1"] == SERVICES["web2"]
    template = (ROOT / "deploy" / "nginx.conf.template").read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(SERVICES["proxy"]["environment"])


def test_compose_sets_variables_that_are_read():
    code = "".join(file.read_text("utf-8") for folder in ("seq2seq", "pages") for file in (ROOT / folder).rglob("*.py"))
    for name in {name for service in SERVICES.values() if "build" in service for name in service["environment"]}:
        assert f'"{name}"' in code or name == "DASK_CONFIG"


def test_the_image_has_what_the_app_needs():
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert re.fullmatch(r"FROM python:3\.1[123]\.\d+-slim-\w+", next(line for line in lines if line.startswith("FROM")))
    copied = {line.split()[1] for line in lines if line.startswith("COPY")}
    assert copied == {"requirements.txt", ".streamlit", "pages", "seq2seq", "streamlit_app.py"}
    assert all((ROOT / name).exists() for name in copied)
    assert lines.index("USER seq2seq") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))


# --- One machine, two web processes


@pytest.mark.long
def test_one_command_opens_a_class(student, tmp_path):
    """As students come to it: by the machine's address in its network, if it has one."""
    if NGINX is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_NGINX)
    port, log = free_port(), tmp_path / "log"
    variables = {"SEQ2SEQ_DATABASE_URL": f"sqlite:///{tmp_path}/lab.db"}
    with log.open("w") as output:
        command = [sys.executable, "-m", "deploy.open_class", str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, stdout=output, stderr=output)
    try:
        address = answers(f"http://{next(iter(addresses()), '127.0.0.1')}:{port}", process, log)
        student.page.goto(f"{address}/train")
        student.is_at("train")
        student.sets("train.epochs", 2)
        student.button("train.start").click()
        student.sees("train.ended_epochs")
        assert web_of(student) in ("web1", "web2")
        begun = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.terminate()
        process.wait(60)
    _, alive = psutil.wait_procs(begun, timeout=20)
    assert not alive
