"""What a task knows of the call that it serves, and of what became of it."""
from __future__ import annotations

import traceback
from typing import Any, Mapping, Optional

from .exceptions import Retry


class Context:
    """`self.request`: the call that is being served."""

    id: Optional[str] = None
    args: Any = None
    kwargs: Any = None
    retries = 0
    is_eager = False
    called_directly = True
    hostname: Optional[str] = None
    eta: Any = None
    expires: Any = None
    headers: Any = None
    delivery_info: Mapping[str, Any] = {}
    parent_id: Optional[str] = None
    root_id: Optional[str] = None
    group: Any = None
    callbacks: Any = None
    errbacks: Any = None
    chain: Any = None
    chord: Any = None
    children: Any = None
    timelimit: Any = None
    ignore_result = False
    task: Optional[str] = None
    entering = False
    bar: Any = None
    said: Any = None
    retry_asked: Optional[Retry] = None
    args_kept = False
    follows = False
    job: Any = None
    """The job of the grid that this call is: its token fences what is written outside."""

    def __init__(self, **said: Any) -> None:
        self.__dict__.update(said)

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)

    @property
    def correlation_id(self) -> Optional[str]:
        return self.id

    def __repr__(self) -> str:
        return f"<Context: {self.__dict__!r}>"


class ExceptionInfo:
    """What `on_failure` is given of an exception."""

    def __init__(self, error: BaseException) -> None:
        self.type = type(error)
        self.exception = error
        self.tb = error.__traceback__
        self.traceback = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.exc_info = (type(error), error, error.__traceback__)

    def __str__(self) -> str:
        return self.traceback
