"""The client for asyncio."""
from __future__ import annotations

import asyncio
import ssl
import time
from datetime import datetime
from typing import Any, AsyncIterator, Awaitable, Callable, Iterable, List, Mapping, Optional, Sequence, Tuple, TypeVar, Union

from . import operations, schedules, topics
from .address import Address
from .aiowire import AsyncWire
from .client import PATIENCE, TIMEOUT
from .events import Watch
from .exchange import Drive, Lost, Operation, Pause
from .flows import Edge, Flow, flow_submission
from .instants import Span
from .job import Job
from .operations import Outcome, Settings
from .schedules import Schedule, ScheduleRun, schedule_body
from .submission import When, list_filters, submission, with_id
from .topics import Binding, Published

T = TypeVar("T")


class AsyncClient:
    """What `Client` is, for one event loop: the same names, awaited. Use it as `async with AsyncClient() as client`."""

    def __init__(
        self, url: Optional[str] = None, key: Optional[str] = None, *, patience: float = PATIENCE, timeout: float = TIMEOUT,
        ssl_context: Optional[ssl.SSLContext] = None, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = Address(url, key, ssl_context)
        self._wire = AsyncWire(self._address)
        self._settings = Settings(patience, timeout, clock)
        self._sleep = sleep

    @property
    def url(self) -> str:
        return self._address.url

    async def submit(
        self, type: str, args: Any = None, *, id: Optional[str] = None, queue: Optional[str] = None, priority: Optional[int] = None,
        countdown: Optional[Span] = None, eta: Union[datetime, str, None] = None, expires: Optional[When] = None, attempts: Optional[int] = None,
        timeout: Optional[Span] = None, retention: Optional[Span] = None, tags: Optional[Mapping[str, str]] = None, after: Sequence[Edge] = (), on_unmet: Optional[str] = None,
        deadline: Optional[When] = None, notify: Sequence[Union[str, Mapping[str, Any]]] = (), key: Optional[str] = None, weight: Optional[int] = None,
        unique: Union[bool, Mapping[str, Any], None] = None, wait: Optional[float] = None,
    ) -> Job:
        """Hands a job in; it is stored when this returns. `wait`: seconds to wait for its end, at most 60. The rest is said at `submission()`."""
        body = submission(
            type, args, id=id, queue=queue, priority=priority, countdown=countdown, eta=eta, expires=expires, attempts=attempts, timeout=timeout,
            retention=retention, tags=tags, after=after, on_unmet=on_unmet, deadline=deadline, notify=notify, key=key, weight=weight, unique=unique)
        return await self._run(operations.submit(self._settings, body, wait))

    async def batch(self, submissions: Iterable[Mapping[str, Any]]) -> List[Outcome]:
        """Hands in any number of what `submission()` makes. Of each, in order: the job, or the `Problem` that it was refused with."""
        return await self._run(operations.batch(self._settings, map(with_id, submissions)))

    async def status(self, job_id: str, wait: Optional[float] = None) -> Job:
        """Where the job stands; `wait`: seconds to wait for its end, at most 60."""
        return await self._run(operations.status(self._settings, job_id, wait))

    async def wait(self, job_id: str, timeout: Optional[float] = None) -> Job:
        """The job once it has ended, however. Raises `NotEnded` after `timeout` seconds."""
        return await self._run(operations.wait(self._settings, job_id, timeout))

    async def result(self, job_id: str, timeout: Optional[float] = 0) -> Any:
        """The job's result. Raises `JobFailed`, `JobCancelled`, or `NotEnded` after `timeout` seconds (None: waits for ever)."""
        return await self._run(operations.result(self._settings, job_id, timeout))

    async def watch(self, *job_ids: str) -> AsyncIterator[Job]:
        """Each job's status now and whenever there is a newer one, until all have ended. A stream that breaks is taken up where it broke."""
        watch = Watch(job_ids, self._settings.patience, self._settings.clock)
        while not watch.over:
            pause = 0.0
            try:
                stream = await self._wire.stream(watch.request())
                try:
                    if watch.opened(stream.status):
                        async for chunk in stream.chunks():
                            for job in watch.feed(chunk):
                                yield job
                        pause = watch.closed()
                    elif not watch.over:
                        pause = watch.refused(await stream.whole())
                finally:
                    stream.close()
            except Lost as error:
                pause = watch.lost(error)
            if pause:
                await self._sleep(pause)

    async def cancel(self, job_id: str, reason: Optional[str] = None) -> Job:
        """Ends a waiting job, asks a running one to stop. One that has ended stays as it is."""
        return await self._run(operations.cancel(self._settings, job_id, reason))

    async def retry(self, job_id: str, reason: Optional[str] = None) -> Job:
        """Runs a failed or cancelled job again."""
        return await self._run(operations.retry(self._settings, job_id, reason))

    async def delete(self, job_id: str, reason: Optional[str] = None) -> None:
        """Removes a job that has ended."""
        await self._run(operations.delete(self._settings, job_id, reason))

    async def signal(self, job_id: str, name: str, body: Any = None, *, key: Optional[str] = None) -> None:
        """Sends a job something that it waits for, or will. Of those with the same `key` it gets one."""
        await self._run(operations.signal(self._settings, job_id, name, body, key))

    async def submit_flow(
        self, jobs: Iterable[Mapping[str, Any]], result: Any = None, *, id: Optional[str] = None, on_failure: Optional[str] = None,
        retention: Optional[Span] = None, tags: Optional[Mapping[str, str]] = None,
        notify: Sequence[Union[str, Mapping[str, Any]]] = (),
    ) -> Job:
        """Hands in jobs that follow each other, each made by `flow_job()`, as one job whose result is `result` with its references filled in."""
        body = flow_submission(jobs, result, id=id, on_failure=on_failure, retention=retention, tags=tags, notify=notify)
        return await self._run(operations.submit_flow(self._settings, body))

    async def flow(self, job_id: str) -> Flow:
        """Where each job of a flow stands."""
        return await self._run(operations.flow(self._settings, job_id))

    async def put_schedule(self, schedule: str, type: Optional[str] = None, args: Any = None, *, if_version: Optional[str] = None, **what: Any) -> Schedule:
        """Makes a schedule, or replaces it. The rest is said at `schedule_body()`. `if_version`: only where this is its version still, or, with "", where there is none."""
        return await self._run(schedules.put(self._settings, schedule, schedule_body(type, args, **what), if_version))

    async def schedule(self, schedule: str) -> Schedule:
        """How it stands, with its newest runs."""
        return await self._run(schedules.get(self._settings, schedule))

    async def schedules(self) -> AsyncIterator[Schedule]:
        """All of them, in the order of their ids; pages are fetched as they are needed."""
        cursor: Optional[str] = None
        while True:
            found, cursor = await self._run(schedules.page(self._settings, cursor))
            for one in found:
                yield one
            if not cursor:
                return

    async def next_instants(self, cron: Optional[str] = None, **what: Any) -> Tuple[datetime, ...]:
        """When a schedule that need not be there would run next. The rest is said at `schedules.next_query()`."""
        return await self._run(schedules.next_of(self._settings, schedules.next_query(cron, **what)))

    async def delete_schedule(self, schedule: str) -> None:
        """Removes it; its jobs stay."""
        await self._run(schedules.delete(self._settings, schedule))

    async def pause_schedule(self, schedule: str, reason: Optional[str] = None) -> Schedule:
        return await self._run(schedules.pause(self._settings, schedule, reason))

    async def resume_schedule(self, schedule: str, reason: Optional[str] = None) -> Schedule:
        return await self._run(schedules.resume(self._settings, schedule, reason))

    async def trigger_schedule(self, schedule: str, *, key: Optional[str] = None) -> str:
        """Submits an occurrence now, and gives its job's id. Of those with the same `key` there is one."""
        return await self._run(schedules.trigger(self._settings, schedule, key))

    async def backfill_schedule(self, schedule: str, start: Union[datetime, str], end: Union[datetime, str]) -> Tuple[str, ...]:
        """Submits the occurrences of a range that has passed, as far as they are not there, and gives their jobs' ids."""
        return await self._run(schedules.backfill(self._settings, schedule, start, end))

    async def publish(self, key: str, data: Any = None, *, event_id: Optional[str] = None) -> Published:
        """Publishes an event: a job for each binding that its key fits, all or none. Published again with the same `event_id`, nothing is made twice."""
        return await self._run(topics.publish(self._settings, key, data, event_id))

    async def put_binding(self, binding: str, pattern: str, type: str, args: Optional[Mapping[str, Any]] = None, *, queue: Optional[str] = None) -> Binding:
        """Each event published from now on whose key fits is a job of the type. `args` gets what was published as `event`; without it, that is the arguments."""
        return await self._run(topics.put(self._settings, binding, pattern, type, args, queue))

    async def binding(self, binding: str) -> Binding:
        return await self._run(topics.get(self._settings, binding))

    async def bindings(self) -> AsyncIterator[Binding]:
        """All of them, in the order of their names; pages are fetched as they are needed."""
        cursor: Optional[str] = None
        while True:
            found, cursor = await self._run(topics.page(self._settings, cursor))
            for one in found:
                yield one
            if not cursor:
                return

    async def delete_binding(self, binding: str) -> None:
        """Takes it away; its jobs stay."""
        await self._run(topics.delete(self._settings, binding))

    async def schedule_runs(self, schedule: str) -> Tuple[ScheduleRun, ...]:
        """What became of its newest 50 instants, newest first."""
        return await self._run(schedules.runs(self._settings, schedule))

    async def list(
        self, *, state: Optional[str] = None, type: Optional[str] = None, queue: Optional[str] = None, tags: Optional[Mapping[str, str]] = None,
        submitted_after: Union[datetime, str, None] = None, page_size: Optional[int] = None,
    ) -> AsyncIterator[Job]:
        """Jobs, newest first, without their results; pages are fetched as they are needed."""
        filters = list_filters(state, type, queue, tags, submitted_after, page_size)
        cursor: Optional[str] = None
        while True:
            jobs, cursor = await self._run(operations.page(self._settings, filters, cursor))
            for job in jobs:
                yield job
            if not cursor:
                return

    async def close(self) -> None:
        await self._wire.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def _run(self, operation: Operation[T]) -> T:
        drive = Drive(operation)
        while drive.wish is not None:
            if isinstance(drive.wish, Pause):
                await self._sleep(drive.wish.seconds)
                drive.got(None)
                continue
            try:
                answer = await self._wire.send(drive.wish)
            except Lost as error:
                drive.lost(error)
            else:
                drive.got(answer)
        return drive.value
