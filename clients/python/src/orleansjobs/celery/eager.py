"""The result of a task that ran where it was called."""
from __future__ import annotations

from typing import Any, Optional

from . import states
from .asyncresult import AsyncResult
from .blocking import assert_will_not_block


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
