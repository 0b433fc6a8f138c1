"""Runs jobs in child processes, one at a time in each: what a handler does to its process costs nobody else."""
from __future__ import annotations

import collections
import functools
import logging
import multiprocessing
import multiprocessing.connection
import threading
from typing import Any, Callable, Deque, Dict, List, Optional

from .child import child_main
from .childlogs import how_this_process_logs
from .local import Sink
from .session import Key, Lease
from .signals import Failure, Report

log = logging.getLogger("orleansjobs.worker")
Later = Callable[[float, Callable[[], None]], Any]
"""Good for any thread."""

KILL_AFTER = 5.0
"""Seconds that a handler has to stop by itself when it is told to; then its process is killed, while the grid still waits for what became of it."""
LONGEST_PAUSE = 30.0
"""Seconds before a successor is started, at most, where children end before they can run anything: 1, 2, 4 and so on."""


class Child:
    def __init__(self, spec: str, url: str, key: Optional[str], jobs_left: Optional[int], failures: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=child_main, args=(theirs, spec, url, key, how_this_process_logs()), daemon=True, name="orleansjobs-child")
        self.process.start()
        theirs.close()
        self.lease: Optional[Lease] = None
        self.stopped: Optional[str] = None
        self.jobs_left = jobs_left
        self.is_ready = False
        """It has imported the program. What it does until then is nothing that a job does."""
        self.has_begun = False
        """It has taken its lease in hand."""
        self.failures = failures
        """How many before it, in a row, ended before they were ready."""


class ProcessPool:
    """`start`, `stop` and `close` are called on the session's thread only."""

    def __init__(
        self, spec: str, url: str, key: Optional[str], slots: int, sink: Sink, later: Later, kill_after: float = KILL_AFTER,
        on_death: Optional[Callable[[Lease, Optional[int]], Report]] = None, limits: Optional[Callable[[Lease], Optional[float]]] = None,
        on_limit: Optional[Callable[[Lease, float], Report]] = None, max_jobs: Optional[int] = None,
    ) -> None:
        self._spec, self._url, self._key = spec, url, key
        self._sink = sink
        self._later = later
        self._kill_after = kill_after
        self._on_death = on_death or _died
        self._limits = limits
        self._on_limit = on_limit
        self._max_jobs = max_jobs
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._idle: List[Child] = []
        self._running: Dict[Key, Child] = {}
        self._waiting: Deque[Lease] = collections.deque()
        """Started while no child was there: a successor is on its way."""
        self._all: List[Child] = []
        self._slots = slots
        self._missing = 0
        """Children that are to be started again after a pause, and those that were and have not shown yet that they can."""
        for _ in range(slots):
            self._spawn(0)

    @property
    def slots(self) -> int:
        """What can run beside each other now: jobs are for those who can."""
        return max(0, self._slots - self._missing)

    def start(self, lease: Lease) -> None:
        with self._lock:
            # One that has imported the program already, where there is one.
            child = next((one for one in self._idle if one.is_ready), self._idle[0] if self._idle else None)
            if child is None:
                self._waiting.append(lease)
                return
            self._idle.remove(child)
            self._give(child, lease)

    def stop(self, key: Key, why: str) -> None:
        with self._lock:
            child = self._running.get(key)
            lease = next((one for one in self._waiting if one.key == key), None)
            if lease is not None:
                self._waiting.remove(lease)
            has_begun = child is not None and child.has_begun
            if child is not None:
                child.stopped = child.stopped or why
                if not has_begun:
                    self._take_back(child, key)
                elif not _send(child, ("stop", key, why)):
                    return
        if child is None and lease is None:
            return
        if child is None or not has_begun:
            self._sink.done(key, _unbegun(why))
            return
        self._later(self._kill_after, functools.partial(self._kill, key, child))

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            children = list(self._all)
        for child in children:
            child.process.kill()
        for child in children:
            child.process.join(5)

    def _give(self, child: Child, lease: Lease) -> None:
        child.lease, child.stopped, child.has_begun = lease, None, False
        self._running[lease.key] = child
        _send(child, ("run", dict(lease.raw), self._sink.session_id()))

    def _take_back(self, child: Child, key: Key) -> None:
        """A child that imports the program yet is not killed for a job that it never saw: the next would find one that is as cold."""
        del self._running[key]
        child.lease = None
        if _send(child, ("drop", key)):
            self._rest(child)

    def _rest(self, child: Child) -> None:
        if self._waiting:
            self._give(child, self._waiting.popleft())
        else:
            self._idle.append(child)

    def _spawn(self, failures: int) -> None:
        child = Child(self._spec, self._url, self._key, self._max_jobs, failures)
        with self._lock:
            if self._closed.is_set():
                child.process.kill()
                return
            self._all.append(child)
            self._rest(child)
        threading.Thread(target=self._listen, args=(child,), name="orleansjobs-listener", daemon=True).start()

    def _listen(self, child: Child) -> None:
        try:
            while True:
                what, key, body = child.pipe.recv()
                if what == "say":
                    self._sink.say(key, body)
                elif what == "done":
                    self._finish(child, key, body)
                elif what == "began":
                    self._began(child, key)
                elif what == "running":
                    self._limit(child, key)
                elif what == "ready":
                    self._ready(child)
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("What a child process said could not be understood; it is replaced.")
            child.process.kill()
        child.process.join()
        self._buried(child)

    def _ready(self, child: Child) -> None:
        with self._lock:
            child.is_ready = True
            back = child.failures > 0
            self._missing -= back
        if back:
            self._sink.room()

    def _began(self, child: Child, key: Key) -> None:
        with self._lock:
            if self._running.get(key) is not child:
                child.process.kill()  # it began what had just been taken back: it works for nobody
                return
            child.has_begun = True

    def _limit(self, child: Child, key: Key) -> None:
        with self._lock:
            lease = child.lease if self._running.get(key) is child else None
        limit = self._limits(lease) if self._limits is not None and lease is not None else None
        if limit is not None and lease is not None:
            self._later(limit, functools.partial(self._over_limit, lease, limit))

    def _finish(self, child: Child, key: Key, report: Report) -> None:
        with self._lock:
            if self._running.get(key) is not child:
                return
            del self._running[key]
            child.lease = None
            if child.jobs_left is not None:
                child.jobs_left -= 1
            if child.jobs_left == 0:
                child.process.kill()  # its successor comes when it is buried
            else:
                self._rest(child)
        self._sink.done(key, report)

    def _buried(self, child: Child) -> None:
        with self._lock:
            self._all.remove(child)
            lease, child.lease = child.lease, None
            if child in self._idle:
                self._idle.remove(child)
            if lease is not None:
                self._running.pop(lease.key, None)
            # One that was ready and did not get as far as to begin what it was told to run is no better than one that never was.
            unbegun = child.is_ready and lease is not None and not child.has_begun
            failures = child.failures + 1 if unbegun or not child.is_ready else 0
        if self._closed.is_set():
            return
        if failures == 1 or unbegun:
            self._lose_slot()
        # First of all: whatever becomes of its successor, somebody waits for this.
        if lease is not None:
            self._sink.done(lease.key, self._last_words(child, lease))
        if failures:
            log.error("A child process ended with exit code %s before it could run anything.", child.process.exitcode)
        self._replace(failures)

    def _replace(self, failures: int) -> None:
        """Starts a successor. Those that cannot even begin are not started as fast as the machine can."""
        while True:
            if failures:
                pause = min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 10))
                log.error("Another child process is started in %d s.", pause)
                if self._closed.wait(pause):
                    return
            try:
                self._spawn(failures)
                return
            except OSError as error:
                log.error("No child process could be started: %s", error)
                failures += 1
                if failures == 1:
                    self._lose_slot()

    def _lose_slot(self) -> None:
        """Until a successor has shown that it can."""
        with self._lock:
            self._missing += 1
            unbegun, self._waiting = list(self._waiting), collections.deque()
        for lease in unbegun:
            self._sink.done(lease.key, {"outcome": "returned"})

    def _last_words(self, child: Child, lease: Lease) -> Report:
        if not child.has_begun:
            return _unbegun(child.stopped)
        if child.stopped == "timeout":
            return Failure("The attempt ran longer than its timeout.", code="timeout").report()
        if child.stopped is not None and child.stopped.startswith("limit:"):
            assert self._on_limit is not None
            return self._on_limit(lease, float(child.stopped[6:]))
        if child.stopped is not None:
            return {"outcome": "cancelled"}
        log.error("The process that ran job %s (%s) died with exit code %s.", lease.id, lease.type, child.process.exitcode)
        return self._said_of_death(lease, child.process.exitcode)

    def _said_of_death(self, lease: Lease, exit_code: Optional[int]) -> Report:
        """Whatever goes wrong with it: somebody waits for this."""
        try:
            return self._on_death(lease, exit_code)
        except Exception:
            log.exception("What was to be said of the death of the process of job %s could not be.", lease.id)
            return _died(lease, exit_code)

    def _over_limit(self, lease: Lease, limit: float) -> None:
        with self._lock:
            child = self._running.get(lease.key)
            if child is None or child.stopped is not None:
                return
            child.stopped = f"limit:{limit}"
        self._kill(lease.key, child)

    def _kill(self, key: Key, child: Child) -> None:
        with self._lock:
            if self._running.get(key) is child:
                child.process.kill()


def _send(child: Child, message: Any) -> bool:
    """Under the lock of the pool, since two that speak at once are not understood. False where it has died: its reader says so."""
    try:
        child.pipe.send(message)
        return True
    except OSError:
        return False


def _unbegun(stopped: Optional[str]) -> Report:
    """What never ran has neither failed nor run out of time."""
    return {"outcome": "cancelled" if stopped == "cancelled" else "returned"}


def _died(lease: Lease, exit_code: Optional[int]) -> Report:
    how = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit code {exit_code}"
    return Failure(f"The process that ran the job died: {how}.", "ProcessDied", delay=1).report()
