"""The client for asyncio."""
from __future__ import annotations

import asyncio
import ssl
import time
from datetime import datetime
from typing import Any, AsyncIterator, Awaitable, Callable, Iterable, List, Mapping, Optional, Sequence, TypeVar, Union

from . import operations
from .address import Address
from .aiowire import AsyncWire
from .client import PATIENCE, TIMEOUT
from .events import Watch
from .exchange import Drive, Lost, Operation, Pause
from .flows import Edge, Flow, flow_submission
from .instants import Span
from .job import Job
from .operations import Outcome, Settings
from .submission import When, list_filters, submission, with_id

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
        wait: Optional[float] = None,
    ) -> Job:
        """Hands a job in; it is stored when this returns. `wait`: seconds to wait for its end, at most 60. The rest is said at `submission()`."""
        body = submission(
            type, args, id=id, queue=queue, priority=priority, countdown=countdown, eta=eta, expires=expires, attempts=attempts, timeout=timeout,
            retention=retention, tags=tags, after=after, on_unmet=on_unmet)
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
    ) -> Job:
        """Hands in jobs that follow each other, each made by `flow_job()`, as one job whose result is `result` with its references filled in."""
        body = flow_submission(jobs, result, id=id, on_failure=on_failure, retention=retention, tags=tags)
        return await self._run(operations.submit_flow(self._settings, body))

    async def flow(self, job_id: str) -> Flow:
        """Where each job of a flow stands."""
        return await self._run(operations.flow(self._settings, job_id))

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
