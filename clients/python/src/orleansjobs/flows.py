"""Flows as a graph: what is submitted, and how it is shown. docs/FLOWS-HTTP.md says what it means."""
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Tuple, Union
from uuid import uuid4

from . import instants
from .instants import Span
from .job import JobError, error_of

Edge = Union[str, Mapping[str, str]]


def ref(path: str) -> Dict[str, str]:
    """What another job of the flow brings: `ref("split.result/words")`, `ref("ship.error")`, or the element that a job runs for: `ref("each.value")`."""
    return {"$ref": path}


def literal(value: Any) -> Dict[str, Any]:
    """A value that stays as it is, though it looks like a reference."""
    return {"$literal": value}


def flow_job(
    name: str, type: str, args: Any = None, *, after: Sequence[Edge] = (), each: Any = None, queue: Optional[str] = None, priority: Optional[int] = None,
    attempts: Optional[int] = None, timeout: Optional[Span] = None, countdown: Optional[Span] = None, tags: Optional[Mapping[str, str]] = None,
    weight: Optional[int] = None,
) -> Dict[str, Any]:
    """One job of a flow. It starts once those in `after` have succeeded, or ended as `{"job": name, "on": "end"}` or `"failure"` says, and those that its
    arguments refer to; with `each` (an array, or a reference to one) a job runs for each element."""
    body: Dict[str, Any] = {
        "name": name, "type": type, "args": args, "after": list(after) or None, "each": each, "queue": queue, "priority": priority, "attempts": attempts,
        "timeout": _seconds(timeout), "countdown": _seconds(countdown), "tags": dict(tags) if tags else None, "weight": weight,
    }
    return {key: value for key, value in body.items() if value is not None}


def flow_submission(
    jobs: Iterable[Mapping[str, Any]], result: Any = None, *, id: Optional[str] = None, on_failure: Optional[str] = None, retention: Optional[Span] = None,
    tags: Optional[Mapping[str, str]] = None, notify: Sequence[Union[str, Mapping[str, Any]]] = (),
) -> Dict[str, Any]:
    """The body of a submit of a flow. Without an id it is given one: it is what makes a repeat safe."""
    body: Dict[str, Any] = {
        "id": id or str(uuid4()), "jobs": list(jobs), "result": result, "onFailure": on_failure, "retention": _seconds(retention),
        "tags": dict(tags) if tags else None, "notify": list(notify) or None,
    }
    return {key: value for key, value in body.items() if value is not None}


@dataclass(frozen=True)
class FlowJob:
    """A job of a flow. `state` is a job's, or `SKIPPED`; `id` is there once it was started, if it does not stand for many."""

    name: Optional[str]
    type: str
    queue: str
    state: str
    id: Optional[str]
    current: int
    total: int
    error: Optional[JobError]
    children: Optional[Mapping[str, int]]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "FlowJob":
        return FlowJob(
            raw.get("name"), raw["type"], raw["queue"], raw["state"], raw.get("id"), raw.get("current", 0), raw.get("total", 1), error_of(raw.get("error")),
            raw.get("children"), raw)


@dataclass(frozen=True)
class Flow:
    """Where a flow and each of its jobs stood when the gateway answered."""

    id: str
    type: str
    state: str
    jobs: Tuple[FlowJob, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    def __getitem__(self, name: str) -> FlowJob:
        for job in self.jobs:
            if job.name == name:
                return job
        raise KeyError(name)

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "Flow":
        return Flow(raw["id"], raw["type"], raw["state"], tuple(FlowJob.of(job) for job in raw["jobs"]), raw)


def _seconds(span: Union[int, float, timedelta, None]) -> Optional[float]:
    return None if span is None else instants.seconds(span)
