"""Celery's exceptions, by Celery's names, and the ones that say what is not here."""
from __future__ import annotations

import builtins
import numbers
from typing import Any, Optional

from ..errors import Unreachable


class CeleryError(Exception):
    """Base of all of these."""


class TaskPredicate(CeleryError):
    """What a task raises to say how it goes on."""


class Retry(TaskPredicate):
    """The task is to be run again later."""

    def __init__(self, message: Optional[str] = None, exc: Any = None, when: Any = None, is_eager: bool = False, sig: Any = None, **kwargs: Any) -> None:
        self.message: Optional[str] = message
        self.excs: Optional[str]
        if isinstance(exc, str):
            self.exc, self.excs = None, exc
        else:
            self.exc, self.excs = exc, repr(exc) if exc else None
        self.when = when
        self.is_eager = is_eager
        self.sig = sig
        super().__init__(self, exc, when)

    def humanize(self) -> str:
        return f"in {self.when}s" if isinstance(self.when, numbers.Number) else f"at {self.when}"

    def __str__(self) -> str:
        if self.message:
            return self.message
        return f"Retry {self.humanize()}: {self.excs}" if self.excs else f"Retry {self.humanize()}"


class Ignore(TaskPredicate):
    """The task says nothing of how it ended: its state stays what it said last."""


class Reject(TaskPredicate):
    """The task refuses its message; with `requeue` somebody else is to have it."""

    def __init__(self, reason: Any = None, requeue: bool = False) -> None:
        self.reason = reason
        self.requeue = requeue
        super().__init__(reason, requeue)

    def __repr__(self) -> str:
        return f"reject requeue={self.requeue}: {self.reason}"


class ImproperlyConfigured(CeleryError):
    """A setting is wrong, or cannot be had here."""


class SecurityError(CeleryError):
    pass


class TaskError(CeleryError):
    pass


class NotRegistered(KeyError, TaskError):
    def __repr__(self) -> str:
        return f"Task of kind {self} never registered, please make sure it's imported."


class AlreadyRegistered(TaskError):
    pass


class TimeoutError(TaskError, builtins.TimeoutError):  # Celery's own name
    """The result was not there in time."""


class MaxRetriesExceededError(TaskError):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.task_args = kwargs.pop("task_args", [])
        self.task_kwargs = kwargs.pop("task_kwargs", {})
        super().__init__(*args, **kwargs)


class TaskRevokedError(TaskError):
    """The task was revoked, so there is no result."""


class ChordError(TaskError):
    """A task of the header of a chord did not succeed, so that its body was not run."""


class InvalidTaskError(TaskError):
    pass


class EncodeError(Exception):
    """What was to travel is no JSON; kombu's name for it."""


class TimeLimitExceeded(Exception):
    def __str__(self) -> str:
        return f"TimeLimitExceeded{self.args}"


class SoftTimeLimitExceeded(Exception):
    def __str__(self) -> str:
        return f"SoftTimeLimitExceeded{self.args}"


class WorkerLostError(Exception):
    """The process that ran the task died."""


OperationalError = Unreachable
"""The grid could not be reached; kombu's name for it."""


class NotInThisGrid(NotImplementedError, CeleryError):
    """A part of Celery that is not here. It says so instead of doing half of it."""


def not_here(what: str, instead: str = "") -> NotInThisGrid:
    return NotInThisGrid(f"{what} is not in the Celery face of OrleansJobs" + (f"; {instead}" if instead else ""))


class MissingHere(NotInThisGrid, AttributeError):
    """For attributes: `hasattr` and `getattr` with a default feel their way, as libraries do."""


def missing(what: str, instead: str = "") -> MissingHere:
    return MissingHere(*not_here(what, instead).args)
