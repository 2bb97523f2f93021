"""The engine that all sessions of this process share."""

import atexit
import threading
from functools import cache

from seq2seq.classroom.engine import Engine

_lock = threading.Lock()


def shared_engine() -> Engine:
    """Returns the engine of this process; the first call starts it."""
    with _lock:  # `cache` alone would let two threads start two
        return _engine_for_life()


@cache
def _engine_for_life() -> Engine:
    engine = Engine()
    atexit.register(engine.close)
    return engine
