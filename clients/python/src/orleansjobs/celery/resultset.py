"""The results of several tasks."""
from __future__ import annotations

import time
from typing import Any, Callable, Iterator, List, Optional

from .asyncresult import AsyncResult, ResultBase
from .exceptions import TimeoutError, not_here


class ResultSet(ResultBase):
    """Several results at a time."""

    def __init__(self, results: Any, app: Any = None, **_: Any) -> None:
        self.results: List[Any] = list(results)
        self._app = app

    def add(self, result: Any) -> None:
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

    def maybe_throw(self, callback: Optional[Callable[[str, Any], Any]] = None, propagate: bool = True) -> None:
        for result in self.results:
            result.maybe_throw(callback=callback, propagate=propagate)

    maybe_reraise = maybe_throw

    def revoke(self, terminate: bool = False, signal: Any = None, **_: Any) -> None:
        for result in self.results:
            result.revoke(terminate=terminate, signal=signal)

    def forget(self) -> None:
        for result in self.results:
            result.forget()

    def join(
        self, timeout: Optional[float] = None, propagate: bool = True, interval: float = 0.5, callback: Optional[Callable[[str, Any], Any]] = None,
        no_ack: bool = True, on_message: Any = None, disable_sync_subtasks: bool = True, on_interval: Any = None, **_: Any,
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

    def __iter__(self) -> Iterator[Any]:
        return iter(self.results)

    def __getitem__(self, index: int) -> Any:
        return self.results[index]


class GroupResult(ResultSet):
    """The results of a group, under its id."""

    def __init__(self, id: Optional[str] = None, results: Any = (), parent: Any = None, listed: bool = False, **more: Any) -> None:
        super().__init__(results, **more)
        self.id = id
        self.parent = parent
        self._listed = listed and all(isinstance(result, AsyncResult) for result in self.results)

    @property
    def children(self) -> List[Any]:
        return self.results

    def ready(self) -> bool:
        return bool(self._counts().ready()) if self._asks() else super().ready()

    def successful(self) -> bool:
        return bool(self._counts().successful()) if self._asks() else super().successful()

    def failed(self) -> bool:
        return bool(self._counts().failed()) if self._asks() else super().failed()

    def completed_count(self) -> int:
        return int(self._counts().succeeded) if self._asks() else super().completed_count()

    def revoke(self, terminate: bool = False, signal: Any = None, **more: Any) -> None:
        if not self._asks():
            super().revoke(terminate, signal, **more)
            return
        from .canvas.members import revoke
        revoke(self._app, str(self.id), terminate)

    def maybe_throw(self, callback: Optional[Callable[[str, Any], Any]] = None, propagate: bool = True) -> None:
        if callback is not None or not self._asks():
            super().maybe_throw(callback, propagate)
            return
        from .canvas.members import failed
        bad = failed(self._app, str(self.id))
        for result in self.results:
            if result.id in bad:
                result.maybe_throw(propagate=propagate)

    maybe_reraise = maybe_throw

    def _asks(self) -> bool:
        """Whether one list of the grid's takes the place of asking for each member."""
        return self._listed and len(self.results) > 1

    def _counts(self) -> Any:
        from .canvas.members import counts
        return counts(self._app, str(self.id), len(self.results))

    def as_tuple(self) -> Any:
        return (self.id, self.parent.as_tuple() if self.parent is not None else None), [result.as_tuple() for result in self.results]

    def save(self, backend: Any = None) -> Any:
        raise not_here("GroupResult.save", "keep the ids of its results")

    @classmethod
    def restore(cls, id: str, *args: Any, **kwargs: Any) -> Any:
        raise not_here("GroupResult.restore", "make it anew from the ids of its results")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupResult) and other.id == self.id and other.results == self.results

    def __hash__(self) -> int:
        return hash(self.id)

    def __bool__(self) -> bool:
        return bool(self.id or self.results)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.id} [{', '.join(str(getattr(result, 'id', result)) for result in self.results)}]>"
