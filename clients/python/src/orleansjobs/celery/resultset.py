"""The results of several tasks."""
from __future__ import annotations

import time
from typing import Any, Callable, Iterator, List, Optional

from .asyncresult import AsyncResult, ResultBase
from .exceptions import TimeoutError, not_here


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
