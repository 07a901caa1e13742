"""Linear algebra on one thread: the last bits of a sum depend on how many share the work."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_limits: list[threadpool_limits] = []
_lock = threading.Lock()
_inside = 0
_modules = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra of the process on one thread, until the last task in it is done."""
    global _inside, _modules
    with _lock:
        # Looking through the loaded libraries takes milliseconds: within another limit that is done
        # only where modules, and libraries with them, may have been loaded since.
        if not _inside or _modules != len(sys.modules):
            _limits.append(threadpool_limits(limits=1))
            _modules = len(sys.modules)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            while _limits and not _inside:
                _limits.pop().restore_original_limits()
