"""What a handler raises to say how its job goes on, and how exceptions become reports."""
from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, Mapping, Optional, Union

from ..writing import written
from .traces import trace_of

MAX_MESSAGE = 4000
MAX_TYPE = 200
MAX_RESULT_DEPTH = 25

Report = Dict[str, Any]


class RetryLater(Exception):
    """Run this job again after so many seconds. Uses up no attempt."""

    def __init__(self, delay: Union[int, float, timedelta], message: str = "") -> None:
        super().__init__(message or f"again in {delay}")
        self.delay = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
        if self.delay < 0:
            raise ValueError("a job cannot be run again in the past")


class GiveUp(Exception):
    """This job will never succeed: it fails now, whatever attempts are left."""


class Cancelled(Exception):
    """The job is to stop; raised by `job.raise_if_cancelled()`."""


class ChildFailed(Exception):
    """A child that was waited for did not succeed."""

    def __init__(self, name: str, id: str, state: str, error: Optional[Mapping[str, Any]]) -> None:
        super().__init__(f"Child '{name}' ({id}) ended as {state}" + (f": {error.get('message')}" if error else "."))
        self.name, self.id, self.state, self.error = name, id, state, error


class Waiting(BaseException):
    """The job waits without a worker, and is run again when what it waits for has come. No `Exception`: a handler's own `except` does not stop it."""

    def __init__(self, wait: Mapping[str, Any]) -> None:
        super().__init__("the job waits")
        self.wait = wait


class StaleAttempt(Exception):
    """A newer attempt of this job exists, or it was given to somebody else: stop, and touch nothing more."""


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed, in words that travel."""

    message: str
    type: Optional[str] = None
    code: Optional[str] = None
    final: bool = False
    delay: Optional[float] = None
    trace: Optional[str] = None

    def report(self) -> Report:
        error: Dict[str, Any] = {"message": clip(self.message, MAX_MESSAGE)}
        if self.type:
            error["type"] = self.type[:MAX_TYPE]
        if self.code:
            error["code"] = self.code
        if self.trace:
            error["trace"] = clip(self.trace, MAX_MESSAGE)
        report: Report = {"outcome": "failure", "error": error}
        if self.final:
            report["final"] = True
        elif self.delay is not None:
            report["delay"] = self.delay
        return report


def clip(text: str, most: int) -> str:
    # Half of a surrogate pair is no text that JSON in UTF-8 could carry.
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def name_of(kind: type) -> str:
    """As tracebacks say it; what the program itself is called depends on how it was started, so its own are named without a module."""
    plain = kind.__module__ in ("builtins", "__main__", "__mp_main__") or kind.__module__.startswith("orleansjobs.worker")
    return kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"


def text_of(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # an exception whose text cannot be had
        return type(error).__name__


def report_of_error(error: BaseException, stopped: Optional[str]) -> Report:
    """`stopped`: why the attempt was asked to stop, if it was."""
    if stopped == "timeout":
        return Failure("The attempt ran longer than its timeout.", code="timeout").report()
    if stopped == "returned":
        return {"outcome": "returned"}
    if stopped is not None or isinstance(error, Cancelled):
        return {"outcome": "cancelled"} if stopped is not None else {"outcome": "returned"}
    if isinstance(error, Waiting):
        return {"outcome": "waiting", "wait": dict(error.wait)}
    if isinstance(error, RetryLater):
        return {"outcome": "later", "delay": error.delay}
    if isinstance(error, (GiveUp, ChildFailed)):
        return Failure(text_of(error), name_of(type(error)), final=True, trace=trace_of(error)).report()
    if isinstance(error, (asyncio.CancelledError, KeyboardInterrupt)):
        return {"outcome": "returned"}
    return Failure(text_of(error), name_of(type(error)), trace=trace_of(error)).report()


def report_of_result(result: Any, stopped: Optional[str] = None) -> Report:
    """A result that is no JSON fails the job: running it again would not make it one. What is returned once the worker stops may be no more than half of it."""
    if stopped == "returned":
        return {"outcome": "returned"}
    try:
        text = written(result)
        if _depth(text) > MAX_RESULT_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_RESULT_DEPTH} levels")
    except (TypeError, ValueError, RecursionError) as error:
        return Failure(f"The result is no JSON: {error}", "TypeError", final=True).report()
    return {"outcome": "success", "result": Encoded(text)}


class Encoded(str):
    """JSON that is written already, so that it is written once only."""


def _depth(text: str) -> int:
    if "[" not in text and "{" not in text:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for letter in text:
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest
