"""Results: where a task stands, read from the job that it is."""
from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Callable, Iterator, List, Optional, Tuple

from ..errors import JobNotFound, NotEnded, Problem
from ..job import FAILURE as JOB_FAILURE
from ..job import PENDING as JOB_PENDING
from ..job import PROGRESS as JOB_PROGRESS
from ..job import REVOKED as JOB_REVOKED
from ..job import Job
from . import states
from .encoding import STATE, exception_from
from .exceptions import TaskRevokedError, TimeoutError, not_here

_block = threading.local()
_LOOK_AGAIN = 1.0


def read(job: Optional[Job]) -> Tuple[str, Any]:
    """A task's state and info, as Celery would say them."""
    if job is None:
        return states.PENDING, None
    if job.state == JOB_PENDING:
        return _waiting(job)
    if job.state == JOB_PROGRESS:
        said = job.data
        if isinstance(said, dict) and said.get("attempt") == job.attempt and "state" in said:
            return said["state"], said.get("meta")
        return _waiting(job)
    if job.state == JOB_REVOKED:
        ran = bool(job.attempts) and job.attempts[-1].outcome == "cancelled"
        return states.REVOKED, TaskRevokedError("terminated" if ran else "revoked")
    if job.state == JOB_FAILURE:
        error = job.error
        if error is not None and error.code == "expired":
            return states.REVOKED, TaskRevokedError("expired")
        return states.FAILURE, exception_from(error.type if error else None, error.message if error else "")
    if isinstance(job.result, dict) and set(job.result) == {STATE}:
        said = job.result[STATE]
        return said["state"], said["meta"]
    return states.SUCCESS, job.result


def _waiting(job: Job) -> Tuple[str, Any]:
    """Once a task has asked to be run again, it is in RETRY until it says something else."""
    for attempt in reversed(job.attempts):
        if attempt.outcome == "failed" and attempt.error is not None:
            return states.RETRY, exception_from(attempt.error.type, attempt.error.message)
        if attempt.outcome == "postponed":
            return states.RETRY, None
    return states.PENDING, None


@contextmanager
def within_task() -> Iterator[None]:
    before = getattr(_block, "on", False)
    _block.on = True
    try:
        yield
    finally:
        _block.on = before


@contextmanager
def allow_join_result() -> Iterator[None]:
    before = getattr(_block, "on", False)
    _block.on = False
    try:
        yield
    finally:
        _block.on = before


def assert_will_not_block() -> None:
    if getattr(_block, "on", False):
        raise RuntimeError("Never call result.get() within a task!\nSee https://docs.celeryq.dev/en/latest/userguide/tasks.html#avoid-launching-synchronous-subtasks\n")


class ResultBase:
    parent: Any = None


class AsyncResult(ResultBase):
    def __init__(self, id: str, backend: Any = None, task_name: Optional[str] = None, app: Any = None, parent: Any = None) -> None:
        if id is None:
            raise ValueError(f"AsyncResult requires valid id, not {type(id)}")
        from .app import current_app
        self.app = app or current_app._get_current_object()
        self.id = id
        self.parent = parent
        self.ignored = False
        self._name = task_name
        self._job: Optional[Job] = None

    task_id = property(lambda self: self.id)

    @property
    def state(self) -> str:
        return read(self._look())[0]

    @property
    def status(self) -> str:
        return self.state

    @property
    def info(self) -> Any:
        return read(self._look())[1]

    @property
    def result(self) -> Any:
        return self.info

    @property
    def name(self) -> Optional[str]:
        job = self._look()
        return job.type if job else self._name

    @property
    def queue(self) -> Optional[str]:
        job = self._look()
        return job.queue if job else None

    @property
    def date_done(self) -> Optional[datetime]:
        job = self._look()
        return job.finished_at.replace(tzinfo=None) if job and job.finished_at else None

    @property
    def retries(self) -> Optional[int]:
        job = self._look()
        return None if job is None else sum(attempt.outcome in ("failed", "postponed") for attempt in job.attempts)

    @property
    def traceback(self) -> Optional[str]:
        """Tracebacks stay in the worker's log."""
        return None

    @property
    def children(self) -> Optional[List[Any]]:
        """A task's children are known where flows are; there are none here."""
        return [] if self.ready() else None

    def ready(self) -> bool:
        return self.state in states.READY_STATES

    def successful(self) -> bool:
        return self.state == states.SUCCESS

    def failed(self) -> bool:
        return self.state == states.FAILURE

    def get(
        self, timeout: Optional[float] = None, propagate: bool = True, interval: float = 0.5, callback: Optional[Callable[[str, Any], Any]] = None,
        on_interval: Optional[Callable[[], Any]] = None, disable_sync_subtasks: bool = True, **_: Any,
    ) -> Any:
        if self.ignored:
            return None
        if disable_sync_subtasks:
            assert_will_not_block()
        state, value = read(self._wait(timeout))
        if state in states.PROPAGATE_STATES and propagate:
            raise value
        if callback is not None:
            callback(self.id, value)
        return value

    wait = get

    def maybe_throw(self, propagate: bool = True, callback: Optional[Callable[[str, Any], Any]] = None) -> Any:
        state, value = read(self._look())
        if state in states.PROPAGATE_STATES and propagate:
            raise value
        if callback is not None:
            callback(self.id, value)
        return value

    maybe_reraise = maybe_throw

    def revoke(self, connection: Any = None, terminate: bool = False, signal: Any = None, wait: bool = False, timeout: Any = None) -> None:
        self.app.control.revoke(self.id, terminate=terminate, signal=signal)

    def forget(self) -> None:
        self._job = None
        try:
            self.app.client.delete(self.id)
        except JobNotFound:
            pass
        except Problem as problem:
            if problem.code != "wrong-state":
                raise
            raise RuntimeError(f"Task {self.id} has not ended: revoke it first, then forget it") from problem

    def then(self, *args: Any, **kwargs: Any) -> Any:
        raise not_here("AsyncResult.then", "follow the job with orleansjobs.AsyncClient.watch")

    def as_tuple(self) -> Any:
        return (self.id, None), None

    def as_list(self) -> List[str]:
        return [self.id]

    def __str__(self) -> str:
        return str(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id}>"

    def __eq__(self, other: object) -> bool:
        return other == self.id if isinstance(other, str) else isinstance(other, AsyncResult) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> Any:
        return type(self), (self.id, None, self._name)

    def _look(self) -> Optional[Job]:
        if self._job is not None:
            return self._job
        try:
            job: Job = self.app.client.status(self.id)
        except JobNotFound:
            return None
        return self._keep(job)

    def _keep(self, job: Job) -> Job:
        if job.ended:
            self._job = job
        return job

    def _wait(self, timeout: Optional[float]) -> Optional[Job]:
        started = time.monotonic()
        while True:
            left = None if timeout is None else max(0.0, timeout - (time.monotonic() - started))
            try:
                job = self._keep(self._job or self.app.client.wait(self.id, left))
                if read(job)[0] in states.READY_STATES:
                    return job
                # It asked to be ignored: there is nothing more to come, and Celery would wait on.
                left = left if left is not None else 0.0
                time.sleep(left)
                raise TimeoutError("The operation timed out.")
            except NotEnded as error:
                raise TimeoutError("The operation timed out.") from error
            except JobNotFound:
                # Not submitted yet, as far as anybody can know.
                if left is not None and left <= 0:
                    raise TimeoutError("The operation timed out.") from None
                time.sleep(_LOOK_AGAIN if left is None else min(left, _LOOK_AGAIN))


class EagerResult(AsyncResult):
    """Of a task that ran here and now."""

    def __init__(self, id: str, ret_value: Any, state: str, traceback: Optional[str] = None, name: Optional[str] = None) -> None:
        self.id = id
        self._value = ret_value
        self._state = state
        self._traceback = traceback
        self._name = name
        self.ignored = False

    state = property(lambda self: self._state)  # type: ignore[assignment]
    info = property(lambda self: self._value)
    result = property(lambda self: self._value)
    traceback = property(lambda self: self._traceback)  # type: ignore[assignment]
    name = property(lambda self: self._name)  # type: ignore[assignment]
    children = property(lambda self: [])  # type: ignore[assignment]

    def get(  # type: ignore[override]
            self, timeout: Optional[float] = None, propagate: bool = True, disable_sync_subtasks: bool = True, **_: Any) -> Any:
        if disable_sync_subtasks:
            assert_will_not_block()
        if self._state in states.PROPAGATE_STATES and propagate:
            raise self._value if isinstance(self._value, Exception) else Exception(self._value)
        return self._value

    wait = get  # type: ignore[assignment]

    def ready(self) -> bool:
        return True

    def forget(self) -> None:
        pass

    def revoke(self, *args: Any, **kwargs: Any) -> None:
        self._state = states.REVOKED


class ResultSet(ResultBase):
    """Several results at a time."""

    def __init__(self, results: Any, app: Any = None, **_: Any) -> None:
        self.results: List[AsyncResult] = list(results)
        self._app = app

    def add(self, result: AsyncResult) -> None:
        if result not in self.results:
            self.results.append(result)

    def ready(self) -> bool:
        return all(result.ready() for result in self.results)

    def waiting(self) -> bool:
        return not self.ready()

    def successful(self) -> bool:
        return all(result.successful() for result in self.results)

    def failed(self) -> bool:
        return any(result.failed() for result in self.results)

    def completed_count(self) -> int:
        return sum(result.successful() for result in self.results)

    def revoke(self, terminate: bool = False, signal: Any = None, **_: Any) -> None:
        for result in self.results:
            result.revoke(terminate=terminate, signal=signal)

    def forget(self) -> None:
        for result in self.results:
            result.forget()

    def join(
        self, timeout: Optional[float] = None, propagate: bool = True, callback: Optional[Callable[[str, Any], Any]] = None,
        disable_sync_subtasks: bool = True, **_: Any,
    ) -> List[Any]:
        started = time.monotonic()
        values: List[Any] = []
        for result in self.results:
            left = None if timeout is None else timeout - (time.monotonic() - started)
            if left is not None and left <= 0:
                raise TimeoutError("join operation timed out")
            value = result.get(timeout=left, propagate=propagate, disable_sync_subtasks=disable_sync_subtasks)
            if callback is not None:
                callback(result.id, value)
            else:
                values.append(value)
        return values

    get = join
    join_native = join

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[AsyncResult]:
        return iter(self.results)

    def __getitem__(self, index: int) -> AsyncResult:
        return self.results[index]


class GroupResult(ResultSet):
    """Results under one id, put together by hand: `group` itself needs flows."""

    def __init__(self, id: Optional[str] = None, results: Any = (), **more: Any) -> None:
        super().__init__(results, **more)
        self.id = id

    def save(self, backend: Any = None) -> Any:
        raise not_here("GroupResult.save", "keep the ids of its results")

    @classmethod
    def restore(cls, id: str, *args: Any, **kwargs: Any) -> Any:
        raise not_here("GroupResult.restore", "make it anew from the ids of its results")
