"""The life of a child process: it is told what to run, runs it on its main thread, and goes when its parent goes."""
from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
import threading
import time
import traceback
from queue import SimpleQueue
from typing import Any, Dict, Mapping, Optional, Set, Tuple

from .checkpoints import Checkpoints
from .childlogs import log_so
from .definitions import run, run_async
from .job import AsyncJob, BaseJob, Job
from .lines import merged
from .loading import load
from .printing import write_lines, write_out
from .session import Key, Lease
from .signals import Failure

PROGRESS_EVERY = 0.05


class ChildProcess:
    def __init__(self, pipe: Any, url: str, key: Optional[str]) -> None:
        self._pipe = pipe
        self._url, self._key = url, key
        self._writing = threading.Lock()
        # Re-entrant: garbage may be collected at any allocation, and what is collected may log.
        self._saying = threading.RLock()
        self._work: "SimpleQueue[Tuple[Mapping[str, Any], str]]" = SimpleQueue()
        self._dropped: Set[Key] = set()
        self._job: Optional[BaseJob] = None
        self._task: "Optional[Tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]]" = None
        self._said: Dict[str, Any] = {}
        self._news = threading.Event()

    def serve(self, spec: str, logs: Optional[Dict[str, Any]]) -> None:
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._tell, daemon=True).start()
        # A worker, or whatever else has definitions to give, such as a Celery application.
        found = load(spec, "worker")
        definitions = found.definitions()
        checkpoints = Checkpoints(self._url, self._key, getattr(found, "_context", None))
        log_so(logs)
        getattr(found, "child_started", lambda: None)()
        self._send(("ready", None, None))
        while True:
            raw, session = self._work.get()
            lease = Lease.of(raw)
            if lease.key in self._dropped:
                self._dropped.discard(lease.key)
                continue
            definition = definitions.get(lease.type)
            if definition is None:
                # The files have been replaced under the worker: whoever has the new ones announces what they know.
                self._send(("began", lease.key, None))
                self._send(("done", lease.key, Failure(
                    f"This program has no handler of {lease.type} any more: its files have changed since its worker was started.", "KeyError").report()))
                continue
            kind = AsyncJob if definition.is_coroutine else Job
            job = kind(
                lease, self._say, lambda value: checkpoints.save(session, lease, value), lambda about, what: checkpoints.ask(session, lease, about, what))
            job._begun = functools.partial(self._send, ("running", lease.key, None))
            self._job = job
            self._send(("began", lease.key, None))
            report = asyncio.run(self._run_async(definition, job)) if isinstance(job, AsyncJob) else run(definition, job)  # type: ignore[arg-type]
            self._job = None
            write_out()
            self._flush(lease.key)
            self._send(("done", lease.key, report))

    async def _run_async(self, definition: Any, job: AsyncJob) -> Any:
        task = asyncio.ensure_future(run_async(definition, job))
        self._task = (asyncio.get_running_loop(), task)
        try:
            return await task
        finally:
            self._task = None

    def _listen(self) -> None:
        try:
            while True:
                what, *rest = self._pipe.recv()
                if what == "run":
                    self._work.put((rest[0], rest[1]))
                elif what == "stop":
                    self._stop(rest[0], rest[1])
                elif what == "drop":
                    self._dropped.add(rest[0])
        except (EOFError, OSError):
            # The parent is gone, and with it the lease: what runs here would work for nobody.
            os._exit(1)
        except Exception:
            # It cannot be understood, and a process that hears nothing more is of no use.
            traceback.print_exc()
            os._exit(1)

    def _stop(self, key: Key, why: str) -> None:
        job, task = self._job, self._task
        if job is None or job._lease.key != key:
            return
        job.stop(why)
        if task is not None:
            task[0].call_soon_threadsafe(task[1].cancel)

    def _say(self, progress: Dict[str, Any]) -> None:
        with self._saying:
            self._said = merged(self._said, progress)
        self._news.set()

    def _tell(self) -> None:
        while True:
            self._news.wait()
            job = self._job
            if job is not None:
                self._flush(job._lease.key)
            time.sleep(PROGRESS_EVERY)

    def _flush(self, key: Key) -> None:
        with self._writing:
            self._news.clear()
            with self._saying:
                said, self._said = self._said, {}
            if said:
                self._pipe.send(("say", key, said))

    def _send(self, message: Tuple[Any, ...]) -> None:
        with self._writing:
            self._pipe.send(message)


def _leave(*_: Any) -> None:
    """To whoever has been told as well."""


def _as_before() -> None:
    """In a process that a job has forked."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is _leave:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def child_main(pipe: Any, spec: str, url: str, key: Optional[str], logs: Optional[Dict[str, Any]]) -> None:
    # A signal to the whole group is the parent's to answer: it drains, and this goes on until it is done. Not SIG_IGN, which programs that a job starts
    # would have from here, and could not be ended by it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    os.register_at_fork(after_in_child=_as_before)
    write_lines()
    try:
        ChildProcess(pipe, url, key).serve(spec, logs)
    except (BrokenPipeError, ConnectionResetError):
        sys.exit(1)
