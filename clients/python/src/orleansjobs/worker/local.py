"""Runs jobs in this process: functions on threads, coroutines on an event loop of their own, so that a handler that blocks holds up no heartbeat."""
from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import Dict, Mapping, Optional, Protocol, Tuple

from .definitions import Definition, run, run_async
from .job import AsyncJob, BaseJob, Job
from .session import Key, Lease
from .signals import Report


class Sink(Protocol):
    """What a pool tells, from any thread."""

    def done(self, key: Key, report: Report) -> None: ...

    def say(self, key: Key, progress: Dict[str, object]) -> None: ...

    def save(self, lease: Lease, value: object) -> None: ...

    def ask(self, lease: Lease, about: str, what: Mapping[str, object]) -> Mapping[str, object]: ...

    def session_id(self) -> str: ...

    def room(self) -> None:
        """There are more slots than there were."""


class Pool(Protocol):
    @property
    def slots(self) -> int: ...

    def start(self, lease: Lease) -> None: ...

    def stop(self, key: Key, why: str) -> None: ...

    def close(self) -> None: ...


class LocalPool:
    def __init__(self, definitions: Mapping[str, Definition], slots: int, sink: Sink) -> None:
        self._definitions = definitions
        self._sink = sink
        self._work: "SimpleQueue[Optional[Tuple[Definition, Job]]]" = SimpleQueue()
        self._jobs: Dict[Key, BaseJob] = {}
        self._tasks: "Dict[Key, asyncio.Task[None]]" = {}
        self._lock = threading.Lock()
        self._threads = 0
        self._busy = 0
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self.slots = slots

    def start(self, lease: Lease) -> None:
        definition = self._definitions[lease.type]
        kind = AsyncJob if definition.is_coroutine else Job
        job = kind(
            lease, lambda progress: self._sink.say(lease.key, progress), lambda value: self._sink.save(lease, value),
            lambda about, what: self._sink.ask(lease, about, what))
        with self._lock:
            self._jobs[lease.key] = job
        if isinstance(job, AsyncJob):
            loop = self._running_loop()
            loop.call_soon_threadsafe(self._begin, loop, definition, job)
            return
        with self._lock:
            self._busy += 1
            grow = self._busy > self._threads and self._threads < self.slots
            self._threads += grow
        if grow:
            threading.Thread(target=self._serve, name=f"orleansjobs-{self._threads}", daemon=True).start()
        assert isinstance(job, Job)
        self._work.put((definition, job))

    def stop(self, key: Key, why: str) -> None:
        with self._lock:
            job = self._jobs.get(key)
        if job is None:
            return
        job.stop(why)
        if isinstance(job, AsyncJob) and self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel, key)

    def close(self) -> None:
        for _ in range(self._threads):
            self._work.put(None)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _serve(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            definition, job = work
            report = run(definition, job)
            with self._lock:
                self._busy -= 1
                self._jobs.pop(job._lease.key, None)
            self._sink.done(job._lease.key, report)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = self._loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="orleansjobs-coroutines", daemon=True).start()
        return self._loop

    def _begin(self, loop: asyncio.AbstractEventLoop, definition: Definition, job: AsyncJob) -> None:
        if job.cancelled:  # before it began
            self._jobs.pop(job._lease.key, None)
            self._sink.done(job._lease.key, {"outcome": "cancelled" if job.stop_reason == "cancelled" else "returned"})
            return
        task = self._tasks[job._lease.key] = loop.create_task(self._run(definition, job))
        task.add_done_callback(lambda ended: self._unbegun(job) if ended.cancelled() else None)

    def _unbegun(self, job: AsyncJob) -> None:
        """It was to stop before its first step: nothing of `_run` has seen that, and somebody waits for how it ended."""
        self._tasks.pop(job._lease.key, None)
        with self._lock:
            self._jobs.pop(job._lease.key, None)
        self._sink.done(job._lease.key, {"outcome": "cancelled" if job.stop_reason == "cancelled" else "returned"})

    async def _run(self, definition: Definition, job: AsyncJob) -> None:
        report = await run_async(definition, job)
        self._tasks.pop(job._lease.key, None)
        with self._lock:
            self._jobs.pop(job._lease.key, None)
        self._sink.done(job._lease.key, report)

    def _cancel(self, key: Key) -> None:
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()
