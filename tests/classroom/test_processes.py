"""The processes of the engine: started, found, killed, replaced.

Nothing trains here: slices are stand-ins, and the workers are ready without TensorFlow.
"""

import dataclasses
import json
import math
import os
import signal
import socket
import ssl
import sys
import threading
import time
from types import SimpleNamespace

import cloudpickle
import dask
import psutil
import pytest
from distributed import LocalCluster, Security, get_worker

from seq2seq.classroom import client, cluster, shared
from seq2seq.classroom import engine as engine_module
from seq2seq.classroom import run as run_module
from seq2seq.classroom.engine import Engine
from seq2seq.classroom.run import Run
from tests.classroom.engines import (
    HeardEngine,
    is_alive,
    is_worker,
    new_state,
    own_client,
    python,
    start_light_cluster,
    wait_for,
    wait_until,
)

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import what is here


@pytest.fixture
def one_epoch(monkeypatch, tmp_path):
    """Has slices train one epoch in name; returns a file: until it is there, a run's second slice does not end."""
    gate = tmp_path / "gate"

    def train(lesson, start, target_epoch, seconds, topic, label):
        record = {"epoch": start.epoch + 1}
        get_worker().log_event(topic, label | {"records": [record], "outputs": [], "progress": 0.0})
        while label["slice"] == 2 and not gate.exists():
            time.sleep(0.01)
        return dataclasses.replace(start, step=start.step + 1, epoch=start.epoch + 1, history=(record,)), 0.1, 1

    monkeypatch.setattr(client, "train_slice_there", train)
    return gate


@pytest.fixture(scope="module")
def clusters():
    """The clusters that the light engine has started, the latest last."""
    return []


@pytest.fixture(scope="module")
def light(clusters):
    """An engine with one light worker. It never looks for itself: whatever it does, it was told of the reason."""

    def start_cluster(workers):
        clusters.append(start_light_cluster())
        return clusters[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_module, "start_cluster", start_cluster)
        patch.setattr(engine_module, "LOOK_SECONDS", None)
        engine = HeardEngine()
        yield engine
        engine.close()


def find_worker(light, clusters):
    wait_until(lambda: light.ready)
    [worker] = filter(is_worker, psutil.Process(clusters[-1].pid).children(recursive=True))
    return worker


# --- The cluster, and a web process that ends


KILLED_EARLY = """
import time
import psutil
from seq2seq.classroom.engine import Engine

engine = Engine(workers=1)
while not any("--multiprocessing-fork" in p.cmdline() for p in psutil.Process().children(recursive=True)):
    time.sleep(0.01)
print([child.pid for child in psutil.Process().children(recursive=True)], flush=True)
time.sleep(1000)
"""


def test_a_web_process_that_is_killed_leaves_no_process_behind():
    """Here while the workers start, which nothing can interrupt; test_engine.py closes one whose worker trains."""
    web = python(KILLED_EARLY)
    children = [psutil.Process(pid) for pid in json.loads(web.stdout.readline())]
    assert len(children) >= 2 and all(map(is_alive, children))  # the cluster and its worker, at least
    web.kill()
    web.wait()
    wait_until(lambda: not any(map(is_alive, children)))


def test_nothing_ticks_more_than_once_a_second_while_nobody_trains(light):
    """With Dask's own settings an idle server used a sixth of a core."""
    wait_until(lambda: light.ready)
    with own_client(light) as asking:
        servers = [asking.run_on_scheduler(_intervals), *asking.run(_intervals).values()]
        servers += asking.run(_intervals, nanny=True).values()
    servers.append({name: each.callback_time for name, each in light._client._periodic_callbacks.items()})
    intervals = [interval for server in servers for interval in server.items()]
    assert {"heartbeat", "memory_monitor", "monitor", "scheduler-info", "tick"} <= set(dict(intervals))
    quick = {name for name, milliseconds in intervals if milliseconds < 1000}
    assert quick <= {"idle-timeout", "no-workers-timeout"}  # a comparison each, and no setting for them


def test_nobody_else_on_the_machine_can_use_the_cluster(light, clusters, tmp_path):
    """It listens on this machine alone, and to those who have its certificate, which only its parent was told."""
    processes = find_worker(light, clusters), psutil.Process(clusters[-1].pid)
    sockets = [each for process in processes for each in process.net_connections() if each.status == "LISTEN"]
    assert len(sockets) >= 3 and {each.laddr.ip for each in sockets} == {"127.0.0.1"}  # worker, nanny, scheduler
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    made = Security.temporary()
    (tmp_path / "another.pem").write_text(made.tls_client_key + made.tls_client_cert)
    answers = {each.laddr.port: plain_answer(each.laddr.port) for each in sockets}
    ports = [port for port, answer in answers.items() if not answer.startswith(b"HTTP/1.1 404 ")]  # Dask's, empty
    assert len(ports) >= 3
    for _ in range(2):
        for port in ports:
            plain = socket.create_connection(("127.0.0.1", port))
            with anybody.wrap_socket(plain) as connection, pytest.raises(OSError):  # SSLError, mostly
                connection.recv(1)
        anybody.load_cert_chain(tmp_path / "another.pem")  # the same with a certificate, but another


def plain_answer(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        try:
            return connection.recv(100)
        except ConnectionResetError:
            return b""


async def _intervals(dask_worker=None, dask_scheduler=None):
    server = dask_worker or dask_scheduler
    if hasattr(server, "heartbeat"):
        await server.heartbeat()  # the scheduler answers how long until the next
    return {name: callback.callback_time for name, callback in server.periodic_callbacks.items()}


@pytest.mark.parametrize(("cores", "free", "workers"), [(1, 64e9, 1), (8, 64e9, 8), (8, 2e9, 3), (4, 1e8, 1)])
def test_workers_fit_the_machine(monkeypatch, cores, free, workers):
    monkeypatch.setattr(cluster, "CPU_COUNT", cores)
    monkeypatch.setattr(cluster, "MEMORY_LIMIT", 128e9)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free))
    assert cluster.worker_count() == workers


@pytest.mark.parametrize(("asked", "workers"), [("3", 3), ("0", None), ("two", None), ("-1", None), ("1.5", None)])
def test_a_number_of_workers_that_is_none_is_refused_in_words(monkeypatch, asked, workers):
    monkeypatch.setenv("SEQ2SEQ_WORKERS", asked)
    if workers:
        assert cluster.worker_count() == workers
    else:
        with pytest.raises(SystemExit, match=f"SEQ2SEQ_WORKERS .* not '{asked}'"):
            cluster.worker_count()


def test_a_process_has_one_shared_engine(monkeypatch):
    started = []

    def start():
        time.sleep(0.05)  # in which the others come
        started.append(SimpleNamespace(close=lambda: None))
        return started[-1]

    monkeypatch.setattr(shared, "Engine", start)
    shared._engine_for_life.cache_clear()
    threads = [threading.Thread(target=shared.shared_engine) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.shared_engine() is started[0] and len(started) == 1
    shared._engine_for_life.cache_clear()


# --- Processes that end, and others in their place


@pytest.fixture
def lost(monkeypatch):
    """How runs stood when their slices were lost."""
    lose, stood = Run._lose_slice, []

    def note(run):
        lose(run)
        stood.append((run.status, run.silent_seconds))

    monkeypatch.setattr(Run, "_lose_slice", note)
    return stood


def assert_ended_as_if_nothing_had_been(light, *runs):
    for run in runs:
        assert (run.status, run.state.step, run.error) == ("finished", 4, None)
        assert run.history == list(run.state.history) == [{"epoch": epoch} for epoch in (1, 2, 3, 4)]
        told = [len(moment.history) for moment in light.heard_of(run)]
        assert told == sorted(told) and set(told) == {1, 2, 3, 4}


@pytest.mark.parametrize("victim", ["worker", "cluster"])
def test_a_killed_process_takes_no_run_with_it(light, clusters, one_epoch, lost, caplog, victim):
    victims = {"worker": find_worker(light, clusters), "cluster": clusters[-1]}
    [address] = light._threads
    runs = [light.submit(new_state(epochs=4, seed=seed)) for seed in range(2)]
    wait_until(lambda: any(len(run.history) > run.state.epoch > 0 for run in runs))  # within its second slice
    victims[victim].kill()
    wait_until(lambda: address not in light._threads)
    waiting = light.submit(new_state())
    light.pause(waiting)
    wait_for(waiting)
    assert waiting.status == "paused"
    wait_until(lambda: lost)
    one_epoch.touch()
    wait_for(*runs)
    assert_ended_as_if_nothing_had_been(light, *runs)
    assert lost == [("queued", None)] and len(caplog.records) == 1  # it waits, and the log says why


@pytest.mark.parametrize("victim", ["worker", "cluster"])
def test_a_process_that_hangs_is_noticed_and_replaced(light, clusters, one_epoch, lost, caplog, monkeypatch, victim):
    """Stopped, as by SIGSTOP; nothing ends and no connection breaks."""
    victims = {"worker": find_worker(light, clusters), "cluster": psutil.Process(clusters[-1].pid)}
    run = light.submit(new_state(epochs=4))
    wait_until(lambda: len(run.history) > run.state.epoch > 0)
    monkeypatch.setattr(run_module, "QUIET_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(engine_module, "ANSWER_SECONDS", 0.5)
        victims[victim].suspend()
        wait_until(lambda: run.silent_seconds)  # which the page tells
        assert run.is_active and run.seconds_left is None
        if victim == "worker":
            patch.setattr(run_module, "HANGING_SECONDS", 0)
            patch.setattr(run, "_longest_silence", 0.0)
        else:  # it asks how the scheduler is
            light._loop.call_soon_threadsafe(light._cluster_changed.set)
        wait_until(lambda: lost)
    one_epoch.touch()
    wait_for(run)
    assert_ended_as_if_nothing_had_been(light, run)
    assert lost == [("queued", None)] and len(caplog.records) == 1
    wait_until(lambda: not is_alive(victims[victim]))


def test_a_slice_that_no_process_survives_fails_its_run_alone(light, one_epoch, monkeypatch):
    monkeypatch.setattr(run_module, "MAX_LOSSES", 1)
    with monkeypatch.context() as patch:
        patch.setattr(client, "train_slice_there", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        run = light.submit(new_state(epochs=4))
        wait_for(run)
    assert (run.status, run.error, run.state.step) == ("failed", run_module.LOST, 0)
    one_epoch.touch()
    light.resume(run)  # which is offered
    wait_for(run)
    assert_ended_as_if_nothing_had_been(light, run)


def test_a_worker_that_has_grown_is_replaced_between_slices(light, clusters, one_epoch, monkeypatch):
    worker = find_worker(light, clusters)
    monkeypatch.setattr(engine_module, "MAX_WORKER_BYTES", 0)
    monkeypatch.setattr(light, "_recycled_at", -math.inf)
    one_epoch.touch()
    run = light.submit(new_state(epochs=4))
    wait_for(run)
    assert (run.status, run.state.step, run.error) == ("finished", 4, None)
    assert not is_alive(worker) and is_alive(find_worker(light, clusters))


@pytest.mark.parametrize("problem", [OSError, KeyError])
def test_a_worker_that_could_not_be_replaced_trains_on(light, one_epoch, monkeypatch, problem):
    asked = []

    async def fail(workers, **settings):
        asked.extend(workers)
        raise problem

    wait_until(lambda: light.ready)
    monkeypatch.setattr(engine_module, "MAX_WORKER_BYTES", 0)
    monkeypatch.setattr(light, "_recycled_at", -math.inf)
    monkeypatch.setattr(light._client, "restart_workers", fail)
    one_epoch.touch()
    run = light.submit(new_state(epochs=4))
    wait_for(run)
    assert (run.status, len(asked)) == ("finished", 1)


# --- A cluster that is named


def local_cluster(port=0):
    return LocalCluster(1, processes=False, protocol="tcp", scheduler_port=port, dashboard_address=None)


def test_a_remote_scheduler_that_was_started_anew_is_found_again(one_epoch, monkeypatch):
    """Also where nothing was under way whose loss would have told of it."""
    one_epoch.touch()
    monkeypatch.setattr(engine_module, "LOOK_SECONDS", 0.02)
    remote = local_cluster()
    monkeypatch.setenv("SEQ2SEQ_SCHEDULER", remote.scheduler_address)
    engine, children = HeardEngine(), len(psutil.Process().children())
    for _ in range(2):
        address = remote.workers[0].address
        wait_until(lambda address=address: list(engine._threads) == [address])
        run = engine.submit(new_state(epochs=3))
        wait_for(run)
        assert (run.status, [len(moment.history) for moment in engine.heard_of(run)]) == ("finished", [1, 2, 3])
        remote.close()
        remote = local_cluster(remote.scheduler.port)
    assert len(psutil.Process().children()) == children
    engine.close()
    remote.close()


def test_a_remote_scheduler_that_is_not_there_fails_the_runs(monkeypatch):
    monkeypatch.setenv("SEQ2SEQ_SCHEDULER", "tcp://127.0.0.1:9")
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        engine = Engine()
        for _ in range(2):  # the second submission tries again
            run = engine.submit(new_state())
            wait_for(run)
            assert run.status == "failed" and "127.0.0.1:9" in run.error
    engine.close()
