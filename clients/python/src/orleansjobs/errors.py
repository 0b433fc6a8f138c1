"""What can go wrong, by name. Everything that the grid says is a `Problem` with the code of its documentation."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple, Type

if TYPE_CHECKING:
    from .job import Job

_URN = "urn:orleansjobs:problem:"


class GridError(Exception):
    """All that this package raises of its own."""


class Unreachable(GridError, ConnectionError):
    """The gateway did not answer, however often it was asked. What was asked for may or may not have happened."""


class NotEnded(GridError, TimeoutError):
    """The job had not ended when the time to wait was over; `job` says where it stood."""

    def __init__(self, message: str, job: "Job") -> None:
        super().__init__(message)
        self.job = job


class JobFailed(GridError):
    """The job ended in FAILURE; `code` and `type` say how, `job` has the rest."""

    def __init__(self, job: "Job") -> None:
        self.job = job
        self.code = job.error.code if job.error else "error"
        self.type = job.error.type if job.error else None
        super().__init__(job.error.message if job.error else "The job failed.")


class JobCancelled(GridError):
    """The job was cancelled before it had a result."""

    def __init__(self, job: "Job") -> None:
        super().__init__(job.status or "The job was cancelled.")
        self.job = job


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with a request, and where."""

    detail: str
    pointer: Optional[str] = None
    parameter: Optional[str] = None


class Problem(GridError):
    """The gateway refused. `code` is the name under "Problems" in docs/HTTP.md; it never changes."""

    def __init__(
        self, code: str, status: int, detail: str = "", title: str = "", mistakes: Tuple[Mistake, ...] = (), retry_after: Optional[float] = None,
        job_code: Optional[str] = None,
    ) -> None:
        self.code = code
        self.status = status
        self.detail = detail
        self.title = title
        self.mistakes = mistakes
        self.retry_after = retry_after
        self.job_code = job_code
        # The detail of the gateway names the mistakes already.
        said = detail or "; ".join(f"{m.pointer or m.parameter or ''}: {m.detail}" for m in mistakes) or title
        super().__init__(f"{code}: {said}" if said else code)

    @property
    def pointer(self) -> Optional[str]:
        """Where the first mistake is: a JSON pointer into what was sent."""
        return next((mistake.pointer for mistake in self.mistakes if mistake.pointer is not None), None)


class InvalidRequest(Problem):
    """What was sent is wrong: sending it again does not help."""


class NotAllowed(Problem):
    """The key is missing, unknown, or not good for this."""


class JobNotFound(Problem):
    """There is no such job: never accepted, deleted, or no longer kept."""


class ScheduleNotFound(Problem):
    """There is no such schedule."""


class BindingNotFound(Problem):
    """There is no such binding."""


class Conflict(Problem):
    """The id is another job's, or the job's state does not allow it."""


class Unavailable(Problem):
    """The grid is away, overloaded or wants to be asked less often, and patience has run out."""


_KINDS: Dict[int, Type[Problem]] = {401: NotAllowed, 403: NotAllowed, 421: NotAllowed, 408: Unavailable, 409: Conflict, 412: Conflict, 429: Unavailable}


def problem_from(status: int, body: Any, retry_after: Optional[float] = None) -> Problem:
    """The exception for a problem document, or for an answer of something else on the way, such as a proxy."""
    document: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    kind = document.get("type")
    code = kind[len(_URN):] if isinstance(kind, str) and kind.startswith(_URN) else "bad-request" if status < 500 else "unavailable"
    errors = document.get("errors")
    mistakes = tuple(
        Mistake(str(error.get("detail", "")), error.get("pointer"), error.get("parameter")) for error in errors if isinstance(error, Mapping)
    ) if isinstance(errors, list) else ()
    family: Type[Problem]
    if code in ("job-not-found", "gone"):
        family = JobNotFound
    elif code == "schedule-not-found":
        family = ScheduleNotFound
    elif code == "binding-not-found":
        family = BindingNotFound
    else:
        family = _KINDS.get(status, Unavailable if status >= 500 else InvalidRequest)
    detail = str(document.get("detail") or "") or (f"The answer was {status}." if not document else "")
    return family(code, status, detail, str(document.get("title") or ""), mistakes, retry_after, document.get("code"))


def problem_from_bytes(status: int, body: bytes, retry_after: Optional[float] = None) -> Problem:
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    return problem_from(status, document, retry_after)
