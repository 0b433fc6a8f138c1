"""Requests without a wire: an operation is a generator that yields what it wants and is sent what came, so that both clients share every decision."""
from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Generator, Generic, Mapping, Optional, TypeVar, Union

from .errors import Unavailable, Unreachable, problem_from_bytes

T = TypeVar("T")


class Lost(Exception):
    """No answer came, or only half of one. What was asked for may have happened."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Optional[bytes] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 30.0


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def retry_after(self) -> Optional[float]:
        return seconds_of(self.headers.get("retry-after"))


@dataclass(frozen=True)
class Pause:
    seconds: float


Operation = Generator[Union[Request, Pause], Any, T]


class Drive(Generic[T]):
    """An operation on its way: `wish` is what it wants next, until it is over and has its `value`."""

    value: T

    def __init__(self, operation: Operation[T]) -> None:
        self._operation = operation
        self.wish: Union[Request, Pause, None] = None
        self._go(lambda: next(operation))

    def got(self, answer: Optional[Response]) -> None:
        self._go(lambda: self._operation.send(answer))

    def lost(self, error: Lost) -> None:
        self._go(lambda: self._operation.throw(error))

    def _go(self, on: Callable[[], Union[Request, Pause]]) -> None:
        try:
            self.wish = on()
        except StopIteration as end:
            self.wish, self.value = None, end.value


Clock = Callable[[], float]

_FIRST, _LONGEST = 0.1, 5.0


def seconds_of(header: Optional[str]) -> Optional[float]:
    try:
        return None if header is None else max(0.0, float(header))
    except ValueError:
        return None  # a date: proxies may say one; our own pace will do


def backoff(failures: int, asked: Optional[float] = None, chance: Callable[[], float] = random.random) -> float:
    """How long to wait after so many failures in a row: what the gateway asked for, else doubling, and never in step with others."""
    if asked is not None:
        return asked + chance() * 0.1 * max(asked, 1.0)
    return float(min(_LONGEST, _FIRST * 2 ** min(failures - 1, 10)) * (0.5 + chance() / 2))


def is_passing(status: int) -> bool:
    """Whether the same request may be answered otherwise a little later."""
    return status in (408, 429) or status >= 500


@dataclass
class Exchange:
    """One request until it is answered, asked again while the gateway is away. `repeated`: an answer may have been lost on the way."""

    patience: float
    clock: Clock = time.monotonic
    repeated: bool = False

    def run(self, request: Request) -> "Operation[Response]":
        since: Optional[float] = None  # an answer may be held for as long as was asked for: what is measured is how long the gateway has been away
        failures = 0
        while True:
            answer: Optional[Response] = None
            lost: Optional[Lost] = None
            try:
                answer = yield request
            except Lost as error:
                lost = error
            if answer is not None and not is_passing(answer.status):
                return answer
            failures += 1
            self.repeated = True
            wait = backoff(failures, answer.retry_after if answer is not None else None)
            if since is None:
                since = self.clock()
            if self.clock() - since + wait > self.patience:
                if answer is not None:
                    raise problem_from_bytes(answer.status, answer.body, answer.retry_after)
                raise Unreachable(f"The gateway did not answer {request.method} {request.path} within {self.patience:g} s: {lost}") from lost
            yield Pause(wait)

    def expect(self, request: Request) -> "Operation[Response]":
        """As `run`, with everything but success raised."""
        answer = yield from self.run(request)
        if answer.status >= 400:
            raise problem_from_bytes(answer.status, answer.body, answer.retry_after)
        return answer


__all__ = ["Clock", "Drive", "Exchange", "Lost", "Operation", "Pause", "Request", "Response", "Unavailable", "backoff", "is_passing", "seconds_of"]
