"""The result of one task."""
from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Callable, List, Optional, Tuple

from ..errors import JobNotFound, NotEnded, Problem
from ..job import Job
from . import states
from .blocking import assert_will_not_block
from .current import current_app
from .exceptions import TimeoutError, not_here

_LOOK_AGAIN = 1.0


class ResultBase:
    parent: Any = None


class AsyncResult(ResultBase):
    def __init__(self, id: str, backend: Any = None, task_name: Optional[str] = None, app: Any = None, parent: Any = None) -> None:
        if id is None:
            raise ValueError(f"AsyncResult requires valid id, not {type(id)}")
        self.app = app or current_app._get_current_object()
        self.id = id
        self.parent = parent
        self.ignored = False
        self._name = task_name
        self._job: Optional[Job] = None
        self._told: Optional[Tuple[int, Tuple[str, Any]]] = None

    task_id = property(lambda self: self.id)

    @property
    def state(self) -> str:
        return self._read(self._look())[0]

    @property
    def status(self) -> str:
        return self.state

    @property
    def info(self) -> Any:
        return self._read(self._look())[1]

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
        return None if job is None else sum(
            attempt.outcome == "failed" or attempt.outcome == "postponed" and attempt.number >= job.max_attempts for attempt in job.attempts)

    @property
    def traceback(self) -> Optional[str]:
        """Where a task that has failed did so: the frames that the grid keeps. The whole of it is in the worker's log."""
        job = self._look()
        return job.error.trace if job is not None and job.error is not None else None

    @property
    def children(self) -> Optional[List[Any]]:
        """What follows it in its canvas: callbacks, and the next of a chain. Tasks that it has called itself are not among them."""
        if not self.ready():
            return None
        from .canvas.followers import followers
        return followers(self.app, self.id)

    @property
    def graph(self) -> Any:
        raise not_here("AsyncResult.graph", "the grid's console shows what each job follows")

    def collect(self, intermediate: bool = False, **kwargs: Any) -> Any:
        """Each result with its value, this one's first and then those of its children."""
        left: List[Any] = [self]
        while left:
            result = left.pop(0)
            yield result, result.get(**kwargs)
            left.extend(result.children or [])

    def get_leaf(self) -> Any:
        value = None
        for _, value in self.collect():
            pass
        return value

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
        state, value = self._read(self._wait(timeout))
        if state in states.PROPAGATE_STATES and propagate:
            self._throw_parents()
            raise value
        if callback is not None:
            callback(self.id, value)
        return value

    wait = get

    def maybe_throw(self, propagate: bool = True, callback: Optional[Callable[[str, Any], Any]] = None) -> Any:
        state, value = self._read(self._look())
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
            if problem.code != "wrong-state":  # it has not ended: there is nothing yet to be forgotten
                raise

    def then(self, *args: Any, **kwargs: Any) -> Any:
        raise not_here("AsyncResult.then", "follow the job with orleansjobs.AsyncClient.watch")

    def as_tuple(self) -> Any:
        parent = self.parent
        return (self.id, parent.as_tuple() if parent is not None else None), None

    def as_list(self) -> List[str]:
        return [str(self.id), *(self.parent.as_list() if self.parent is not None else [])]

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

    def _throw_parents(self) -> None:
        """What it follows is the better reason, and the first of that the best."""
        parents: List[Any] = []
        node = self.parent
        while node is not None:
            parents.append(node)
            node = node.parent
        for node in reversed(parents):
            node.maybe_throw()

    def _read(self, job: Optional[Job]) -> Tuple[str, Any]:
        """Its state and info; once it has ended they stay."""
        if self._told is None or job is None or not job.ended or self._told[0] != job.version:
            from .canvas.unmet import read_through
            said = read_through(self.app, job)
            if job is None or not job.ended:
                return said
            self._told = job.version, said
        return self._told[1]

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
                if self._read(job)[0] in states.READY_STATES:
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
