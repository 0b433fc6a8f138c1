"""Runs jobs in child processes, one at a time in each: what a handler does to its process costs nobody else."""
from __future__ import annotations

import functools
import logging
import multiprocessing
import multiprocessing.connection
import threading
from typing import Any, Callable, Dict, List, Optional

from .child import child_main
from .local import Sink
from .session import Key, Lease
from .signals import Failure, Report

log = logging.getLogger("orleansjobs.worker")
Later = Callable[[float, Callable[[], None]], Any]

KILL_AFTER = 5.0
"""Seconds that a handler has to stop by itself when it is told to; then its process is killed, while the grid still waits for what became of it."""


class Child:
    def __init__(self, spec: str, url: str, key: Optional[str], jobs_left: Optional[int]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=child_main, args=(theirs, spec, url, key), daemon=True, name="orleansjobs-child")
        self.process.start()
        theirs.close()
        self.lease: Optional[Lease] = None
        self.stopped: Optional[str] = None
        self.jobs_left = jobs_left


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
        self._closing = False
        self._idle: List[Child] = []
        self._running: Dict[Key, Child] = {}
        self._all: List[Child] = []
        self.slots = slots
        for _ in range(slots):
            self._idle.append(self._spawn())

    def start(self, lease: Lease) -> None:
        with self._lock:
            child = self._idle.pop() if self._idle else self._spawn()
            child.lease = lease
            child.stopped = None
            self._running[lease.key] = child
        limit = self._limits(lease) if self._limits is not None else None
        if limit is not None:
            self._later(limit, functools.partial(self._over_limit, lease, limit))
        try:
            child.pipe.send(("run", dict(lease.raw), self._sink.session_id()))
        except OSError:
            pass  # it has died: its reader says so

    def stop(self, key: Key, why: str) -> None:
        with self._lock:
            child = self._running.get(key)
            if child is None:
                return
            child.stopped = child.stopped or why
        try:
            child.pipe.send(("stop", key, why))
        except OSError:
            return
        self._later(self._kill_after, functools.partial(self._kill, key, child))

    def close(self) -> None:
        with self._lock:
            self._closing = True
            children = list(self._all)
        for child in children:
            child.process.kill()
        for child in children:
            child.process.join(5)

    def _spawn(self) -> Child:
        child = Child(self._spec, self._url, self._key, self._max_jobs)
        self._all.append(child)
        threading.Thread(target=self._listen, args=(child,), name="orleansjobs-listener", daemon=True).start()
        return child

    def _listen(self, child: Child) -> None:
        try:
            while True:
                what, key, body = child.pipe.recv()
                if what == "say":
                    self._sink.say(key, body)
                elif what == "done":
                    self._finish(child, key, body)
        except (EOFError, OSError):
            pass
        except Exception:
            log.exception("What a child process said could not be understood; it is replaced.")
            child.process.kill()
        child.process.join()
        self._buried(child)

    def _finish(self, child: Child, key: Key, report: Report) -> None:
        with self._lock:
            if self._running.pop(key, None) is None:
                return
            child.lease = None
            if child.jobs_left is not None:
                child.jobs_left -= 1
            if child.jobs_left == 0:
                child.process.kill()  # its successor comes when it is buried
            else:
                self._idle.append(child)
        self._sink.done(key, report)

    def _buried(self, child: Child) -> None:
        with self._lock:
            self._all.remove(child)
            lease, child.lease = child.lease, None
            if child in self._idle:
                self._idle.remove(child)
            if lease is not None:
                self._running.pop(lease.key, None)
            if not self._closing and len(self._all) < self.slots:
                self._idle.append(self._spawn())
        if lease is not None and not self._closing:
            self._sink.done(lease.key, self._last_words(child, lease))

    def _last_words(self, child: Child, lease: Lease) -> Report:
        if child.stopped == "timeout":
            return Failure("The attempt ran longer than its timeout.", code="timeout").report()
        if child.stopped is not None and child.stopped.startswith("limit:"):
            assert self._on_limit is not None
            return self._on_limit(lease, float(child.stopped[6:]))
        if child.stopped is not None:
            return {"outcome": "cancelled"}
        log.error("The process that ran job %s (%s) died with exit code %s.", lease.id, lease.type, child.process.exitcode)
        return self._on_death(lease, child.process.exitcode)

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


def _died(lease: Lease, exit_code: Optional[int]) -> Report:
    how = f"signal {-exit_code}" if exit_code is not None and exit_code < 0 else f"exit code {exit_code}"
    return Failure(f"The process that ran the job died: {how}.", "ProcessDied", delay=1).report()
