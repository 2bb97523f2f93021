"""Training for the web process: submit a state, watch the run, pause it. TensorFlow stays in the workers.

A training is cut into slices of a fraction of a second. A finished slice's state comes back here and the run queues up
behind all others, so thirty students share two workers fairly, Pause is quick, and a worker that dies takes one slice
with it. Everything happens in one thread with an event loop; pages only read `Run` objects.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import math
import os
import random
import secrets
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seq2seq.classroom import measured
from seq2seq.classroom.child import end_cluster, read_address, start_cluster, when_ended
from seq2seq.classroom.client import call, connect, explain, first_line, send_slice
from seq2seq.classroom.line import Line
from seq2seq.classroom.memory import MAX_WORKER_BYTES
from seq2seq.classroom.run import Run, given_up
from seq2seq.state import TrainingState

if TYPE_CHECKING:  # it is loaded where it is used, when there is a cluster: 0.3 s in which the first page would wait
    from distributed import Client

logger = logging.getLogger(__name__)

# So long that the 10–20 ms of sending a slice do not count, so short that Pause, which waits for the slice under way,
# takes less than half a second.
SLICE_SECONDS = 0.25
# The cluster tells of workers that come and go, of slices and of its end. Nobody tells of a remote scheduler that was
# started anew while no slice was under way.
LOOK_SECONDS = 5
ANSWER_SECONDS = 10  # a scheduler that takes longer to say who is there hangs
LISTEN_SECONDS = 0.5  # between two looks at how long slices have told nothing
RECYCLE_SECONDS = 300  # a worker that has grown is not replaced at once again: it may be a lesson that needs so much
RETURN_SECONDS = 30  # so long a cluster that was lost may be on its way back, before the runs that wait for it fail


class Engine:
    """Trains runs on a Dask cluster: an embedded one, or the one whose scheduler `SEQ2SEQ_SCHEDULER` names.

    It can be used at once: the cluster starts in the background, and runs submitted before it is ready wait for it.
    A remote cluster needs this package on its scheduler and workers; with `--preload seq2seq.classroom.worker` the
    first slice of each worker is as quick as the others.

    Args:
        workers: how many the embedded cluster has; None leaves it to the machine's cores and free memory.
    """

    def __init__(self, workers: int | None = None):
        self._workers = workers
        self._topic = f"seq2seq-{secrets.token_hex(8)}"  # of what slices tell
        self._client: Client | None = None
        self._cluster_lost = False
        self._threads: dict[str, int] = {}  # of each worker
        self._replacing: dict[str, asyncio.Task] = {}  # by the worker
        self._recycled_at = -math.inf
        self._waiting = Line()
        self._in_flight: dict[str, Run] = {}
        self._resuming = threading.Lock()
        self._submitted, self._cluster_changed, self._closing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)  # Dask can use no other on Windows
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._work, name="training engine", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether there are workers."""
        return bool(self._threads)

    def submit(self, state: TrainingState) -> Run:
        """Trains a state until the lesson's rules end it. Returns at once.

        A state that the rules have ended comes back finished and as it was.
        """
        run = Run(state)
        self.resume(run)
        return run

    def resume(self, run: Run, epochs: int | None = None, student: str | None = None) -> None:
        """Trains a run on; one that is active is left alone. Returns at once.

        Args:
            run: the training.
            epochs: how many more, whatever the rules say; None trains until the rules end it.
            student: whose it is; see `Line`.
        """
        with self._resuming:  # a second tab may ask for the same at this moment
            if run.is_active:
                return
            run.student = student or run.id
            run._begin(epochs)
        self._loop.call_soon_threadsafe(self._enqueue, run)

    def pause(self, run: Run) -> None:
        """Pauses a run, which keeps what it has learned. Returns at once; a slice under way is still finished."""
        if run.is_active:
            self._loop.call_soon_threadsafe(self._pause, run)

    def call(self, function: Callable, *args: Any) -> concurrent.futures.Future:
        """Has a worker call a function that needs TensorFlow, between two slices. Returns at once.

        Args:
            function: of a module that workers can import too.
            args: what it is called with.

        Returns:
            The future result, or a `RuntimeError` that says what went wrong, and what to do where no worker is there.
        """
        return asyncio.run_coroutine_threadsafe(self._call(function, args), self._loop)

    def close(self) -> None:
        """Pauses all runs and ends the embedded cluster."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    # --- The cluster: from here on all is done in the engine's thread ------------------------------------------------

    def _work(self) -> None:
        with self._runner:
            self._runner.run(self._serve_until_closed())

    async def _serve_until_closed(self) -> None:
        serving, listening = asyncio.create_task(self._serve()), asyncio.create_task(self._listen())
        await self._closing.wait()
        listening.cancel()
        while not serving.done():  # what serving awaits may swallow it, if it comes just then
            serving.cancel()
            await asyncio.wait([serving], timeout=1)
        self._end_waiting("paused")

    async def _serve(self) -> None:
        lost_at = -math.inf
        while not self._closing.is_set():
            try:
                await self._serve_cluster()
                lost_at = time.monotonic()
                logger.warning("the training processes are gone; starting them again")
            except Exception as error:  # whatever it is, no run may wait for ever
                if time.monotonic() - lost_at < RETURN_SECONDS:  # a remote scheduler that is still closing, say
                    await asyncio.sleep(0.5)
                    continue
                logger.exception("the training processes cannot be used")
                self._end_waiting("failed", f"The training processes cannot be used: {first_line(error)}")
                self._submitted.clear()
                await self._submitted.wait()

    async def _serve_cluster(self) -> None:
        """Starts or finds the cluster and keeps it busy until it is lost.

        Raises:
            Exception: it could not be started or found.
        """
        process, address, certificate = None, os.environ.get("SEQ2SEQ_SCHEDULER"), None
        try:
            if not address:
                process = start_cluster(self._workers)
                address, certificate = await read_address(process)
            async with connect(address, certificate) as self._client:
                await self._keep_busy(process)
        finally:
            self._threads = {}
            for replacing in self._replacing.values():
                replacing.cancel()
            self._lose_slices(list(self._in_flight.values()))
            for run in self._waiting:
                run._lesson = None
            self._dispatch()
            if process:
                end_cluster(process, is_lost=self._cluster_lost)

    async def _keep_busy(self, process: subprocess.Popen | None) -> None:
        """Follows the workers' coming and going until the cluster is lost."""
        self._cluster_lost = False
        if process:
            when_ended(process).add_done_callback(lambda _: self._lose_cluster())
        try:
            while not self._cluster_lost:
                self._cluster_changed.clear()
                self._client.subscribe_topic(self._topic, self._receive)  # again: a scheduler that restarted forgot it
                self._client.subscribe_topic("all", self._receive_from_scheduler)
                async with asyncio.timeout(ANSWER_SECONDS):
                    threads = await self._client.nthreads()
                if gone := self._threads.keys() - threads:
                    logger.warning("training processes that have ended: %d; their slices are sent again", len(gone))
                self._threads = {worker: n for worker, n in threads.items() if worker not in self._replacing}
                self._lose_slices([run for run in self._in_flight.values() if run._worker not in self._threads])
                self._dispatch()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._cluster_changed.wait()
        except OSError:  # a TimeoutError is one
            self._cluster_lost = True
        except asyncio.CancelledError:
            self._client.unsubscribe_topic("all")  # or the scheduler logs that it cannot tell us of our own leaving
            raise

    def _lose_cluster(self) -> None:
        self._cluster_lost = True
        self._cluster_changed.set()

    def _receive_from_scheduler(self, event: tuple[float, dict]) -> None:
        """Hears of workers that come and go; a remote cluster may tell of more."""
        _, message = event
        if isinstance(message, dict) and message.get("action") in ("add-worker", "remove-worker"):
            self._cluster_changed.set()

    async def _listen(self) -> None:
        """Counts how long slices have told nothing, and gives those up that hang.

        Counted, not measured: if this process itself stood still, what was told meanwhile is read first.
        """
        while True:
            await asyncio.sleep(LISTEN_SECONDS)
            for run in given_up(self._in_flight.values(), LISTEN_SECONDS):
                logger.warning("a training process has told nothing for %.0f s; it is given up", run._silence)
                if self._client.direct_to_workers:
                    self._replace(run._worker)
                self._lose_slices([run])
                self._dispatch()

    def _lose_slices(self, runs: list[Run]) -> None:
        """Puts runs whose slices will not come back in line again, first."""
        for run in runs:
            del self._in_flight[run.id]
            run._lose_slice()
        self._waiting.put_back([run for run in runs if run.is_active])

    def _replace(self, worker: str) -> None:
        """Has the process of a worker of the embedded cluster replaced; runs go to another worker, or wait."""
        self._threads.pop(worker, None)
        self._replacing[worker] = self._loop.create_task(self._restart(worker))

    async def _restart(self, worker: str) -> None:
        # The connection is lost, which `_keep_busy` will notice; or the worker ended by itself, and is back soon.
        try:
            with contextlib.suppress(OSError, KeyError):
                await self._client.restart_workers([worker], raise_for_error=False)
        finally:
            del self._replacing[worker]
        self._cluster_changed.set()  # if it could not be replaced, it is to be used again

    # --- The queue ---------------------------------------------------------------------------------------------------

    def _enqueue(self, run: Run) -> None:
        if rule := run._reached_rule:
            run._finish("finished", rule)
            return
        self._waiting.add(run)
        self._submitted.set()
        self._dispatch()

    def _pause(self, run: Run) -> None:
        if run in self._waiting:
            self._waiting.remove(run)
            run._finish("paused")
        elif run.id in self._in_flight and run._slice_began:
            run._stop = True
        elif run.id in self._in_flight:
            self._in_flight.pop(run.id)._task.cancel()
            run._finish("paused")
        self._dispatch()

    def _end_waiting(self, status: str, error: str | None = None) -> None:
        for run in self._waiting:
            self._waiting.remove(run)
            run._finish(status, error=error)

    def _dispatch(self) -> None:
        """Sends slices as long as a run waits and a worker is free; who still waits is told its position."""
        for run in self._waiting:
            if not (worker := self._free_worker(run._worker)):
                break
            self._waiting.send(run)
            run.queue_position, run._worker = 0, worker
            self._in_flight[run.id] = run
            run._task = self._loop.create_task(self._train_slice(run))
        for position, run in enumerate(self._waiting, start=1):
            run.queue_position = position

    def _free_worker(self, preferred: str | None) -> str | None:
        """Returns a worker with a free thread, or None. The preferred one has the run's lesson already."""
        busy = Counter(run._worker for run in self._in_flight.values())
        free = [worker for worker, threads in self._threads.items() if busy[worker] < threads]
        if preferred in free:
            return preferred
        return random.choice(free) if free else None  # at random, for another web process may share the cluster

    # --- Slices ------------------------------------------------------------------------------------------------------

    async def _train_slice(self, run: Run) -> None:
        """Sends a slice, waits for it, and queues the run behind all others or ends it."""
        from distributed.client import FutureCancelledError  # noqa: PLC0415

        try:
            later, seconds, memory = await send_slice(self._client, run, SLICE_SECONDS, self._topic)
        except (FutureCancelledError, OSError):  # never from the slice itself, whose errors are RuntimeErrors
            self._lose_cluster()  # `_lose_slices` follows
            return
        except Exception as error:
            del self._in_flight[run.id]
            run._finish("failed", error=explain(error))
        else:
            del self._in_flight[run.id]
            run._end_slice(later, seconds)
            if rule := run._reached_rule:
                run._finish("finished", rule)
                measured.note(run)
            elif run._stop or run._is_unwatched or run.state.epoch >= run.target_epoch:
                run._finish("paused")
            else:
                self._waiting.add(run)
            is_due = time.monotonic() - self._recycled_at > RECYCLE_SECONDS
            if memory > MAX_WORKER_BYTES and is_due and self._client.direct_to_workers:
                self._recycled_at = time.monotonic()
                self._replace(run._worker)
        self._dispatch()

    async def _call(self, function: Callable, args: tuple) -> Any:
        if not self._threads:
            raise RuntimeError("The training processes are not ready yet; wait a moment and try again.")
        return await call(self._client, function, args)

    def _receive(self, event: tuple[float, dict]) -> None:
        """Hears from a slice under way."""
        _, message = event
        run = self._in_flight.get(message["run"])
        if run and message["slice"] == run._slice:  # else it is late: the slice's result, which has it all, was first
            run._follow_slice(message["records"], message["outputs"], message["progress"])
