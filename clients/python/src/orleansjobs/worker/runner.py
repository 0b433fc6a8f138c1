"""Carries a session out: one loop that calls, hands leases to slots, and never lets a heartbeat wait for a handler."""
from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any, Callable, Dict, Mapping, Optional, Set

from ..address import Address
from ..aiowire import AsyncWire
from ..errors import Problem, problem_from_bytes
from ..exchange import Lost, Request, backoff
from .checkpoints import Checkpoints
from .definitions import Definition
from .inbox import Inbox
from .local import Pool
from .session import Answer, Call, Key, Lease, Session
from .signals import Report
from .slots import Gate, Slots

log = logging.getLogger("orleansjobs.worker")

PROGRESS_EVERY = 0.2
LINES_EVERY = 1.0
SLOWEST_BACKOFF = 3.0
GOODBYE_PATIENCE = 10.0
MOST_PATIENCE = 10.0
"""For an answer, and a heartbeat at most: a call that was lost on its way is to be said again before the session has been silent for too long."""
ABANDON_PATIENCE = 1.0
"""Seconds that handlers have to end that are told to stop because the worker does."""
FULL_PACE, IDLE_PACE = 2.0, 0.5
"""Between calls that should have waited and did not."""

PoolFactory = Callable[["Runner"], Pool]


class Runner:
    def __init__(
        self, address: Address, session: Session, definitions: Mapping[str, Definition], pool: PoolFactory, checkpoints: Checkpoints,
        gate: Optional[Gate] = None, on_ready: Optional[Callable[[], None]] = None,
    ) -> None:
        self._address = address
        self._session = session
        self._definitions = definitions
        self._make_pool = pool
        self._checkpoints = checkpoints
        self._gate = gate
        self._on_ready = on_ready
        self._inbox = Inbox(self._read)
        self._draining = False
        self._hard = False
        self._progress_told = 0.0
        self._progress_due: Optional[asyncio.TimerHandle] = None
        self._lines_due: Optional[asyncio.TimerHandle] = None
        self._older: "Set[asyncio.Task[Any]]" = set()
        self._stopping_before_start = 0
        self._thread = 0
        self.loop: Optional[asyncio.AbstractEventLoop] = None

    # What pools call, from any thread.

    def done(self, key: Key, report: Report) -> None:
        self._inbox.ended(key, report)

    def say(self, key: Key, progress: Dict[str, Any]) -> None:
        self._inbox.say(key, progress)

    def save(self, lease: Lease, value: Any) -> None:
        self._checkpoints.save(self.session_id(), lease, value)

    def ask(self, lease: Lease, about: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._checkpoints.ask(self.session_id(), lease, about, what)

    def session_id(self) -> str:
        return self._session.id or ""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        loop = self._loop()
        if threading.get_ident() == self._thread:
            loop.call_later(seconds, action)
        else:
            self._soon(lambda: loop.call_later(seconds, action))

    def room(self) -> None:
        self._soon(self._make_use_of_room)

    def stop(self) -> None:
        """Takes no more jobs and ends when those that run have ended; a second time: hands them back and ends now."""
        loop = self.loop
        if loop is None:
            self._stopping_before_start += 1
        else:
            loop.call_soon_threadsafe(self._stop)

    # The rest is the loop's own.

    async def run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._news = asyncio.Event()
        self._stopped = asyncio.Event()
        self._wire = AsyncWire(self._address)
        self._pool = self._make_pool(self)
        self._slots = Slots(self._session, self._definitions, self._pool, self._gate, self._now, self.later, self._news.set)
        self._inbox.attach(self.loop)
        for _ in range(self._stopping_before_start):
            self._stop()
        try:
            await self._serve()
            if self._hard:
                await self._abandon()
            await self._goodbye()
        finally:
            self._pool.close()
            self._checkpoints.close()
            await self._wire.close()

    async def _serve(self) -> None:
        failures = 0
        ready = False
        while not (self._draining and not self._session.held) and not self._hard:
            self._news.clear()
            call = self._session.call(self._slots.wanted(), self._session.heartbeat)
            asked = self._now()
            sending = asyncio.ensure_future(self._send(call))
            if call.waits and not await self._first(sending):
                # There is news: the next call says it, and ends this one's wait.
                self._older.add(sending)
                sending.add_done_callback(lambda task, call=call: self._late(call, task))  # type: ignore[misc]
                continue
            try:
                answer = self._take(call, await sending)
            except Lost as error:
                self._session.failed(call)
                failures += 1
                log.warning("The gateway did not answer: %s", error)
                await asyncio.sleep(min(SLOWEST_BACKOFF, backoff(failures)))
                continue
            except Problem as problem:
                wait = self._refused(call, problem, failures)
                failures += 1
                await self._rest(wait)
                continue
            failures = 0
            if not ready and self._on_ready is not None:
                self._on_ready()
            ready = True
            if call.waits and not answer.leases and not answer.stops and self._now() - asked < 0.1:
                await self._idle(FULL_PACE if call.want == 0 else IDLE_PACE)

    async def _abandon(self) -> None:
        """What is handed back is due at once elsewhere: it is ended here before."""
        ends = self._now() + ABANDON_PATIENCE
        while self._slots.are_busy and self._now() < ends:
            await asyncio.sleep(0.01)
        self._pool.close()

    async def _goodbye(self) -> None:
        self._read()  # what has ended since the last call
        until = self._now() + GOODBYE_PATIENCE
        failures = 0
        while self._session.id is not None:
            call = self._session.call(0, 0, bye=True)
            try:
                answer = await asyncio.wait_for(self._send(call), max(0.1, until - self._now()))
                self._session.answered(call, answer)
                if call.is_bye:
                    return
                until = self._now() + GOODBYE_PATIENCE
            except (Lost, Problem, asyncio.TimeoutError) as error:
                failures += 1
                self._session.failed(call)
                if self._now() > until or (isinstance(error, Problem) and not self._session.refused(call, error) and error.status < 500):
                    log.warning("The goodbye did not arrive; what was held is given out again by its silence. %s", error)
                    return
                await asyncio.sleep(min(1.0, backoff(failures)))

    async def _send(self, call: Call) -> Mapping[str, Any]:
        wait = self._session.heartbeat if call.waits else 0.0
        response = await self._wire.send(Request("POST", "/work", call.body, {"content-type": "application/json"}, wait + min(MOST_PATIENCE, self._session.heartbeat)))
        if response.status != 200:
            raise problem_from_bytes(response.status, response.body, response.retry_after)
        try:
            answer = response.json()
        except ValueError as error:
            raise Lost(f"what came is no JSON: {error}") from error
        if not isinstance(answer, dict) or "session" not in answer:
            raise Lost("what came is no answer of a grid; is the address right?")
        return answer

    async def _first(self, sending: "asyncio.Task[Any]") -> bool:
        """Whether the answer came before there was news."""
        news = asyncio.ensure_future(self._news.wait())
        await asyncio.wait((sending, news), return_when=asyncio.FIRST_COMPLETED)
        news.cancel()
        return sending.done()

    async def _rest(self, seconds: float) -> None:
        """For as long as was asked for, as far as what is held can wait for a heartbeat. Who is to stop looks up."""
        if self._session.held:
            seconds = min(seconds, self._session.heartbeat)
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
            self._stopped.clear()
        except asyncio.TimeoutError:
            pass

    async def _idle(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    def _late(self, call: Call, task: "asyncio.Task[Any]") -> None:
        self._older.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._take(call, task.result())

    def _take(self, call: Call, raw: Mapping[str, Any]) -> Answer:
        answer = self._session.answered(call, raw)
        for warning in answer.warnings:
            log.warning("%s", warning)
        for key in answer.stale:
            log.warning("What came of job %s was refused: it had been given to somebody else meanwhile.", key[0])
        for stop in answer.stops:
            self._slots.stop(stop.key, stop.why)
        self._slots.arrived(answer.leases)
        return answer

    def _refused(self, call: Call, problem: Problem, failures: int) -> float:
        was_open = self._session.id is not None
        self._session.failed(call)
        if self._session.refused(call, problem):
            log.warning("A call was refused: %s", problem)
            return 0.0
        if problem.status < 500 and problem.status not in (408, 429) and not was_open:
            raise problem  # it will be refused tomorrow too
        log.warning("The grid is not to be had: %s", problem)
        return problem.retry_after if problem.retry_after is not None else min(SLOWEST_BACKOFF, backoff(failures + 1))

    def _stop(self) -> None:
        self._hard = self._draining
        self._draining = True
        self._slots.drain()
        if self._hard:
            self._slots.abandon()
        self._stopped.set()
        self._news.set()

    def _read(self) -> None:
        said, ended = self._inbox.take()
        for key, progress in said.items():
            self._session.say(key, progress)
        for key, report in ended:
            self._slots.ended(key, report)
        self._slots.fill()
        if self._session.progress and not self._news.is_set():
            self._tell_progress(self._now())
        elif self._session.lines.has_news and self._lines_due is None:
            self._lines_due = self._loop().call_later(LINES_EVERY, self._tell_lines)

    def _make_use_of_room(self) -> None:
        self._slots.fill()
        self._news.set()

    def _soon(self, action: Callable[[], object]) -> None:
        try:
            self._loop().call_soon_threadsafe(action)
        except RuntimeError:
            pass  # the loop is over

    def _tell_lines(self) -> None:
        self._lines_due = None
        self._news.set()

    def _tell_progress(self, now: float) -> None:
        """The first at once, then no more often than anybody could see."""
        if self._progress_due is not None:
            return
        due = self._progress_told + PROGRESS_EVERY - now
        if due <= 0:
            self._progress_told = now
            self._news.set()
        else:
            self._progress_due = self._loop().call_later(due, self._tell_late)

    def _tell_late(self) -> None:
        self._progress_due = None
        self._progress_told = self._now()
        self._news.set()

    def _loop(self) -> asyncio.AbstractEventLoop:
        assert self.loop is not None
        return self.loop

    def _now(self) -> float:
        return self._loop().time()
