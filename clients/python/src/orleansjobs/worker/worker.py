"""The worker: a program's handlers, and the ways to run them."""
from __future__ import annotations

import asyncio
import inspect
import os
import re
import signal
import socket
import ssl
import threading
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, TypeVar, Union

from ..address import Address
from ..instants import Span, seconds
from .checkpoints import Checkpoints
from .definitions import Definition, Handler, check_name
from .loading import spec_of
from .local import LocalPool, Pool
from .processes import ProcessPool
from .runner import Runner
from .session import Session

F = TypeVar("F", bound=Handler)
THREADS = 8
TASKS = 100
MAX_SLOTS = 1000
MAX_TYPES = 1000


class Worker:
    """Runs jobs of a grid in this program.

        worker = Worker("http://localhost:8080")

        @worker.job("resize", queue="pictures", attempts=5)
        def resize(job, args):
            job.report(1, 2, "Half done")
            return {"ok": True}

        if __name__ == "__main__":
            worker.run(threads=8)
    """

    def __init__(
        self, url: Optional[str] = None, key: Optional[str] = None, *, name: Optional[str] = None, queues: Optional[Sequence[str]] = None,
        release: Optional[str] = None, ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self.url = url
        self.key = key
        self.name = check_name(name, "a worker's name") if name is not None else None
        self.queues = [check_name(queue, "a queue's name") for queue in queues] if queues else None
        self.release = release
        self._context = ssl_context
        self._definitions: Dict[str, Definition] = {}
        self._runner: Optional[Runner] = None

    def job(
        self, name: Optional[str] = None, *, queue: Optional[str] = None, attempts: Optional[int] = None, timeout: Optional[Span] = None,
        schema: Union[Mapping[str, Any], bool, None] = None, result_schema: Union[Mapping[str, Any], bool, None] = None,
        description: Optional[str] = None, stalled_after: Optional[Span] = None, key: Optional[str] = None, weight: Optional[int] = None,
    ) -> Callable[[F], F]:
        """Makes a function or coroutine the handler of a job type. It is called with the job and its arguments, and what it returns is the result.

        `queue`, `attempts` and `timeout` are for submits that say nothing of their own; `schema` is what arguments are checked with when they
        are submitted; `description` is the first paragraph of the docstring unless given. An attempt that says nothing new for `stalled_after` is to
        stop, and counts as failed with `stalled`. `key` is what the key of its jobs is made of where a submit names none, such as `tenant/{tenantId}`, and `weight`
        how many turns such a key has for one of others.
        """

        def register(handler: F) -> F:
            self.add(Definition(
                check_name(name or handler.__name__, "a job type"), handler, queue, attempts, None if timeout is None else seconds(timeout), schema,
                result_schema, description if description is not None else first_paragraph(handler),
                None if stalled_after is None else seconds(stalled_after), key=key, weight=weight))
            return handler

        return register

    def add(self, definition: Definition) -> None:
        if definition.name in self._definitions:
            raise ValueError(f"there is a handler for {definition.name!r} already")
        if len(self._definitions) == MAX_TYPES:
            raise ValueError(f"a worker runs at most {MAX_TYPES} types")
        self._definitions[definition.name] = definition

    def definitions(self) -> Mapping[str, Definition]:
        return self._definitions

    def run(
        self, *, threads: Optional[int] = None, processes: Optional[int] = None, tasks: Optional[int] = None, drain: Optional[float] = None,
        spec: Optional[str] = None, on_ready: Optional[Callable[[], None]] = None,
    ) -> None:
        """Serves until SIGTERM or SIGINT, or `stop()`; what runs then is let end, for `drain` seconds at most (None: however long it takes). A
        second signal hands back what still runs.

        `threads` (8 unless given) run functions; coroutines share one loop and count against the same number; `tasks` is for workers of
        coroutines mostly, with 100 slots; `processes` runs each job alone in a child process.
        """
        if sum(number is not None for number in (threads, processes, tasks)) > 1:
            raise ValueError("say one of threads, processes and tasks")
        slots = processes if processes is not None else tasks if tasks is not None else threads if threads is not None else THREADS
        if not 1 <= slots <= MAX_SLOTS:
            raise ValueError(f"a worker has 1 to {MAX_SLOTS} slots")
        if not self._definitions:
            raise ValueError("the worker has no job types: decorate a function with @worker.job(\"name\")")
        address = Address(self.url, self.key, self._context)
        where = spec or (spec_of(self) if processes is not None else "")

        def pool(runner: Runner) -> Pool:
            if processes is not None:
                return ProcessPool(where, address.url, self.key, slots, runner, runner.later)
            return LocalPool(self._definitions, slots, runner)

        self.serve(Runner(address, self.session(), self._definitions, pool, Checkpoints(self.url, self.key, self._context), on_ready=on_ready), drain)

    def serve(self, runner: Runner, drain: Optional[float] = None) -> None:
        self._runner = runner
        timer: Optional[threading.Timer] = None

        def stop(*_: Any) -> None:
            nonlocal timer
            runner.stop()
            if drain is not None and timer is None:
                timer = threading.Timer(drain, runner.stop)
                timer.daemon = True
                timer.start()

        self._stop = stop
        if threading.current_thread() is not threading.main_thread():
            asyncio.run(runner.run())
            return
        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            asyncio.run(runner.run())
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if timer is not None:
                timer.cancel()

    def stop(self) -> None:
        """What SIGTERM does, from any thread."""
        if self._runner is not None:
            self._stop()

    def session(self) -> Session:
        return Session(
            [definition.announcement(self.release) for definition in self._definitions.values()], self.queues, self.name or default_name())


def default_name() -> str:
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()) or "worker"
    return f"{host[:48]}-{os.getpid()}"


def first_paragraph(handler: Handler) -> Optional[str]:
    text = inspect.getdoc(handler)
    return " ".join(text.split("\n\n")[0].split())[:1024] if text else None
