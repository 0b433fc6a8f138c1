"""A job as the gateway describes it."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Tuple

from . import instants

PENDING = "PENDING"
PROGRESS = "PROGRESS"
SUCCESS = "SUCCESS"
FAILURE = "FAILURE"
REVOKED = "REVOKED"
ENDED = frozenset((SUCCESS, FAILURE, REVOKED))


@dataclass(frozen=True)
class JobError:
    """Why an attempt or a job failed. `code` is for programs, `type` the exception's name."""

    code: str
    message: str
    type: Optional[str] = None
    trace: Optional[str] = None


@dataclass(frozen=True)
class Attempt:
    number: int
    outcome: str
    started_at: Optional[datetime]
    ended_at: Optional[datetime]
    error: Optional[JobError] = None


@dataclass(frozen=True)
class Job:
    """Where a job stood when the gateway answered. `raw` is the answer itself, with whatever this class does not name."""

    id: str
    type: str
    queue: str
    state: str
    current: int
    total: int
    status: str
    attempt: int
    max_attempts: int
    version: int
    priority: int
    phase: Optional[str]
    submitted_at: Optional[datetime]
    due_at: Optional[datetime]
    started_at: Optional[datetime]
    finished_at: Optional[datetime]
    expires_at: Optional[datetime]
    tags: Mapping[str, str]
    attempts: Tuple[Attempt, ...]
    error: Optional[JobError]
    result: Any = None
    data: Any = None
    watch_token: Optional[str] = None
    stalled_for: Optional[int] = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def has_result(self) -> bool:
        """Lists and batches leave the result of a job that has ended out."""
        return "result" in self.raw

    @property
    def percent(self) -> int:
        return 100 * self.current // self.total

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "Job":
        return Job(
            id=raw["id"], type=raw["type"], queue=raw["queue"], state=raw["state"], current=raw["current"], total=raw["total"], status=raw["status"],
            attempt=raw["attempt"], max_attempts=raw["maxAttempts"], version=raw["version"], priority=raw["priority"], phase=raw.get("phase"),
            submitted_at=instants.parse(raw.get("submittedAt")), due_at=instants.parse(raw.get("dueAt")), started_at=instants.parse(raw.get("startedAt")),
            finished_at=instants.parse(raw.get("finishedAt")), expires_at=instants.parse(raw.get("expiresAt")), tags=raw.get("tags") or {},
            attempts=tuple(_attempt(attempt) for attempt in raw.get("attempts") or ()), error=error_of(raw.get("error")), result=raw.get("result"),
            data=raw.get("data"), watch_token=raw.get("watchToken"), stalled_for=raw.get("stalledFor"), raw=raw,
        )


def _attempt(raw: Mapping[str, Any]) -> Attempt:
    return Attempt(raw["number"], raw["outcome"], instants.parse(raw.get("startedAt")), instants.parse(raw.get("endedAt")), error_of(raw.get("error")))


def error_of(raw: Optional[Mapping[str, Any]]) -> Optional[JobError]:
    return None if raw is None else JobError(raw["code"], raw.get("message") or "", raw.get("type"), raw.get("trace"))


Json = Dict[str, Any]
