"""What a handler knows of the job it runs, and how it speaks of it."""
from __future__ import annotations

import asyncio
import inspect
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Awaitable, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union

from .. import instants
from ..submission import submission
from ..writing import encode
from .lines import line_of
from .memory import Ask, Memory
from .session import Lease
from .signals import Cancelled, ChildFailed, GiveUp, Waiting, clip

MAX_DATA = 4096
MAX_PROGRESS_MESSAGE = 1000
_UNSAID: Any = object()
T = TypeVar("T")

Say = Callable[[Dict[str, Any]], None]
Save = Callable[[Any], None]


@dataclass(frozen=True)
class Child:
    """A child that was started, by its name."""

    name: str


def _result_of(child: Child, end: Mapping[str, Any]) -> Any:
    if end["state"] == "SUCCESS":
        return end.get("result")
    raise ChildFailed(child.name, end["id"], end["state"], end.get("error"))


class BaseJob:
    """Safe to use from any thread."""

    def __init__(self, lease: Lease, say: Say, save: Save, ask: Ask) -> None:
        self._lease = lease
        self._say = say
        self._save = save
        self._memory = Memory(ask, lease.raw.get("memory") is True, None if self.due is None else self.due.timestamp())
        self._stop = threading.Event()
        self._checkpoint: Any = lease.raw.get("checkpoint")
        self._lines = 0
        # Re-entrant: garbage may be collected at any allocation, and what is collected may log.
        self._counting = threading.RLock()
        self.stop_reason: Optional[str] = None
        self._begun: Callable[[], None] = lambda: None
        """From here on a limit of its process counts: what it follows has been fetched."""

    @property
    def id(self) -> str:
        return self._lease.id

    @property
    def token(self) -> str:
        """The fencing token of this attempt: a number that only grows from attempt to attempt, as a string, since it takes up to 63 bits. Pass it
        to outside systems that can refuse a lower one than they have seen."""
        return self._lease.token

    @property
    def type(self) -> str:
        return self._lease.type

    @property
    def queue(self) -> str:
        return self._lease.queue

    @property
    def attempt(self) -> int:
        """1 for the first run; one more than failures and crashes so far."""
        return self._lease.attempt

    @property
    def attempts(self) -> int:
        """How many failures make the job fail."""
        return self._lease.attempts

    @property
    def tags(self) -> Mapping[str, str]:
        return self._lease.raw.get("tags") or {}

    @property
    def traceparent(self) -> Optional[str]:
        return self._lease.raw.get("traceparent")

    @property
    def timeout(self) -> Optional[float]:
        return self._lease.raw.get("timeout")

    @property
    def submitted(self) -> Optional[datetime]:
        return instants.parse(self._lease.raw.get("submitted"))

    @property
    def due(self) -> Optional[datetime]:
        return instants.parse(self._lease.raw.get("due"))

    @property
    def checkpoint(self) -> Any:
        """What the job saved last, in this attempt or one before; None where it saved nothing."""
        return self._checkpoint

    @property
    def cancelled(self) -> bool:
        """Whether the job is to stop: cancelled, out of time, or somebody else's by now. `stop_reason` says which."""
        return self._stop.is_set()

    def raise_if_cancelled(self) -> None:
        if self._stop.is_set():
            raise Cancelled(self.stop_reason)

    def report(self, current: int, total: int, message: Optional[str] = None, data: Any = _UNSAID) -> None:
        """How far the job is. Costs next to nothing: the newest travels, a few times a second.

        `message` and `data` (any JSON of at most 4 KiB) stay as they were where they are left out.
        """
        progress: Dict[str, Any] = {"current": int(current), "total": max(1, int(total))}
        if message is not None:
            progress["message"] = clip(message, MAX_PROGRESS_MESSAGE)
        if data is not _UNSAID:
            size = len(encode(data))
            if size > MAX_DATA:
                raise ValueError(f"data of progress is at most {MAX_DATA} bytes of JSON; this is {size}")
            progress["data"] = data
        self._say(progress)

    def start(self, name: str, type: str, args: Any = None, *, weight: int = 1, key_weight: Optional[int] = None, **options: Any) -> "Child":
        """Starts a child: a job of its own, which the grid runs wherever there is a worker for its type. It is stored with others once something is waited
        for; one whose name was started in an attempt before is found, not made again. What nothing has waited for when the handler returns is not started, or cancelled.

        `options` are those of a submit: queue, priority, attempts, timeout, countdown, tags, key, whose turns are `key_weight`. `weight` is the child's part in the
        job's progress. Cancelling the job cancels its children.
        """
        own = self._memory.claim(name, "child")
        job = submission(type, args, weight=key_weight, **options)
        # It follows from the job's id and the name.
        job.pop("id", None)
        self._memory.order({"name": own, "weight": weight, "job": job})
        return Child(own)

    def log(self, text: str, level: Union[str, int] = "information", error: Optional[BaseException] = None) -> None:
        """Keeps a line with the job, for those who look at it: the newest of them. It travels within about a second, and the last ones with the outcome.

        `level` is one of trace, debug, information, warning, error, critical, or a number of `logging`.
        """
        # Texts of objects and errors are the caller's code, which may log too, or wait for somebody who does: not under the lock.
        line = line_of(text, level, error)
        with self._counting:
            # Numbered and said at once: the grid takes a lower number after a higher one for one that it has heard.
            self._lines += 1
            line["n"] = self._lines
            self._say({"lines": [line]})

    def stop(self, why: str) -> None:
        self.stop_reason = why
        self._stop.set()


class Job(BaseJob):
    def save_checkpoint(self, value: Any) -> None:
        """Keeps a value that the next attempt can go on from; durable when this returns. Raises `StaleAttempt` where a newer attempt exists."""
        self._save(value)
        self._checkpoint = value

    def step(self, name: str, run: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Does something once: calls `run`, keeps what it returns (any JSON), and from then on returns that, in this attempt and all later ones, without
        calling it. Durable when this returns. What `run` raises is not kept, and fails the attempt unless it is caught;
        its name is used up all the same, so what is to be tried again is tried within `run`. Steps that run at the same time need names of their own: of
        one name, the second that is asked for is `name#2`, whichever that is.

        The code of a step may run more than once, where everything is lost between its end and the store. Raises `StaleAttempt` where a newer attempt exists.
        """
        name = self._memory.claim(name)
        done, value = self._memory.find(name)
        return value if done else self._memory.keep(name, run(*args, **kwargs))  # type: ignore[no-any-return]

    def result_of(self, child: Child) -> Any:
        """What a child came to. While it has not ended the job waits without a worker, and its handler is run again from the top when it has: what was done in
        steps is not done again. Raises `ChildFailed` where it did not succeed."""
        return _result_of(child, self._memory.end_of(child.name))

    def gather(self, *children: Child) -> List[Any]:
        """The same of several, in their order."""
        return [self.result_of(child) for child in children]

    def sleep(self, name: str, seconds: float) -> None:
        """Waits without a worker, for any time: the handler is run again from the top when it is over. The name is what it is remembered by."""
        self._memory.sleep(name, seconds)

    def receive(self, name: str, timeout: Optional[float] = None, otherwise: Any = None) -> Any:
        """The next signal of that name, which is waited for without a worker; `otherwise` where none has come within so many seconds of when it was first asked
        for. Signals are kept until they are taken, and every attempt takes them in the same order."""
        return self._memory.receive(name, timeout, otherwise)

    def wait_cancelled(self, timeout: Optional[float] = None) -> bool:
        """Sleeps, but not beyond the moment at which the job is to stop."""
        return self._stop.wait(timeout)


class AsyncJob(BaseJob):
    """What coroutines are given. A job that is to stop has its coroutine cancelled."""

    _task: "Optional[asyncio.Task[Any]]" = None

    async def save_checkpoint(self, value: Any) -> None:
        """Keeps a value that the next attempt can go on from; durable when this returns. Raises `StaleAttempt` where a newer attempt exists."""
        await asyncio.get_running_loop().run_in_executor(None, self._save, value)
        self._checkpoint = value

    async def step(self, name: str, run: Callable[..., Union[T, Awaitable[T]]], *args: Any, **kwargs: Any) -> T:
        """Does something once: calls `run` and awaits it, keeps what it returns (any JSON), and from then on returns that, in this attempt and all later
        ones, without calling it. Durable when this returns. What `run` raises is not kept, and fails the attempt unless it is caught;
        its name is used up all the same, so what is to be tried again is tried within `run`. Steps that run at the same time need names of their own: of
        one name, the second that is asked for is `name#2`, whichever that is.

        The code of a step may run more than once, where everything is lost between its end and the store. Raises `StaleAttempt` where a newer attempt exists.
        """
        name = self._memory.claim(name)
        loop = asyncio.get_running_loop()
        done, value = await loop.run_in_executor(None, self._memory.find, name)
        if done:
            return value  # type: ignore[no-any-return]
        came = run(*args, **kwargs)
        if inspect.isawaitable(came):
            came = await came
        return await loop.run_in_executor(None, self._memory.keep, name, came)

    async def result_of(self, child: Child) -> Any:
        """What a child came to. While it has not ended the job waits without a worker, and its handler is run again from the top when it has: what was done in
        steps is not done again. Raises `ChildFailed` where it did not succeed. To be awaited by the handler itself, not in a task of its own."""
        return _result_of(child, await self._off_loop(self._memory.end_of, child.name))

    async def gather(self, *children: Child) -> List[Any]:
        """The same of several, in their order."""
        return [await self.result_of(child) for child in children]

    async def sleep(self, name: str, seconds: float) -> None:
        """Waits without a worker, for any time: the handler is run again from the top when it is over. The name is what it is remembered by."""
        await self._off_loop(self._memory.sleep, name, seconds)

    async def receive(self, name: str, timeout: Optional[float] = None, otherwise: Any = None) -> Any:
        """The next signal of that name, which is waited for without a worker; `otherwise` where none has come within so many seconds of when it was first asked
        for. Signals are kept until they are taken, and every attempt takes them in the same order."""
        return await self._off_loop(self._memory.receive, name, timeout, otherwise)

    async def _off_loop(self, ask: Callable[..., Any], *args: Any) -> Any:
        """What may wait, on another thread. A `BaseException` would end that thread's executor, or this loop: it travels as a value."""
        if asyncio.current_task() is not self._task:
            raise GiveUp("Children, signals and time are awaited by the handler itself, not in a task of its own: what else runs would be broken off.")

        def call() -> Tuple[Any, Optional[Waiting]]:
            try:
                return ask(*args), None
            except Waiting as waiting:
                return None, waiting

        value, waiting = await asyncio.get_running_loop().run_in_executor(None, call)
        if waiting is not None:
            raise waiting
        return value
