"""Schedules: recurring jobs, kept by the grid. docs/SCHEDULES.md says what they mean."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, TypeVar, Union
from urllib.parse import quote, urlencode
from uuid import uuid4

from . import instants
from .errors import Conflict, ScheduleNotFound
from .exchange import Operation, Request
from .instants import Span
from .operations import Settings
from .writing import encode

T = TypeVar("T")
When = Union[datetime, str]
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class ScheduleRun:
    """What became of one instant: `outcome` is `open`, `success`, `failure`, `revoked`, `skipped`, `queued` or `replaced`."""

    scheduled_at: Optional[datetime]
    outcome: str
    cause: str
    job: Optional[str]
    state: Optional[str]

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "ScheduleRun":
        return ScheduleRun(instants.parse(raw.get("scheduledAt")), raw["outcome"], raw["cause"], raw.get("job"), raw.get("state"))


@dataclass(frozen=True)
class Schedule:
    """How a schedule stood when the gateway answered. `raw` is the answer itself, with all that was put."""

    id: str
    type: Optional[str]
    """None: each occurrence is a flow, which is `raw["flow"]`."""
    cron: Optional[str]
    every: Optional[float]
    zone: Optional[str]
    version: str
    paused: bool
    next_at: Optional[datetime]
    due_at: Optional[datetime]
    runs: Tuple[ScheduleRun, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "Schedule":
        return Schedule(
            raw["id"], raw.get("type"), raw.get("cron"), raw.get("every"), raw.get("zone"), raw["version"], "paused" in raw, instants.parse(raw.get("nextAt")),
            instants.parse(raw.get("dueAt")), tuple(ScheduleRun.of(run) for run in raw.get("runs", ())), raw)


def schedule_body(
    type: Optional[str] = None, args: Any = None, *, cron: Optional[str] = None, every: Optional[Span] = None, zone: Optional[str] = None, anchor: Optional[When] = None,
    start: Optional[When] = None, end: Optional[When] = None, count: Optional[int] = None, jitter: Optional[Span] = None, overlap: Optional[str] = None,
    missed: Optional[str] = None, missed_after: Optional[Span] = None, missed_within: Optional[Span] = None, queue: Optional[str] = None,
    priority: Optional[int] = None, tags: Optional[Mapping[str, str]] = None, attempts: Optional[int] = None, timeout: Optional[Span] = None,
    retention: Optional[Span] = None, notify: Sequence[Union[str, Mapping[str, Any]]] = (),
    flow: Optional[Mapping[str, Any]] = None, deadline: Optional[Span] = None, key: Optional[str] = None, weight: Optional[int] = None,
) -> Dict[str, Any]:
    """What a schedule is put with: `cron` in `zone`, or `every` so long. In `args`, `{"$at": "scheduled"}` becomes the instant.

    `flow`: in place of `type` and what its jobs say each for itself, such as `{"jobs": [flow_job(...), ...]}`; `deadline`: not ended so long after it was
    submitted, an occurrence fails; `key`: whose limits, order and turns occurrences go by.
    """
    body: Dict[str, Any] = {
        "type": type, "args": args, "cron": cron, "every": _seconds(every), "zone": zone, "anchor": _instant(anchor), "start": _instant(start), "end": _instant(end),
        "count": count, "jitter": _seconds(jitter), "overlap": overlap, "missed": missed, "missedAfter": _seconds(missed_after),
        "missedWithin": _seconds(missed_within), "queue": queue, "priority": priority, "tags": dict(tags) if tags else None, "attempts": attempts,
        "timeout": _seconds(timeout), "retention": _seconds(retention), "notify": list(notify) or None,
        "flow": dict(flow) if flow is not None else None, "deadline": _seconds(deadline), "key": key, "weight": weight,
    }
    return {name: value for name, value in body.items() if value is not None}


def path_of(schedule: str, more: str = "") -> str:
    return f"/schedules/{quote(schedule, safe='')}{more}"


def put(settings: Settings, schedule: str, body: Mapping[str, Any], if_version: Optional[str]) -> Operation[Schedule]:
    headers = dict(_JSON)
    if if_version is not None:
        headers.update({"if-none-match": "*"} if if_version == "" else {"if-match": json.dumps(if_version)})
    exchange = settings.exchange()
    try:
        answer = yield from exchange.expect(Request("PUT", path_of(schedule), encode(body), headers, settings.timeout))
    except Conflict:
        if if_version is None or not exchange.repeated:
            raise
        # Its own edit may stand in its way, whose answer was lost.
        try:
            found = yield from get(settings, schedule)
        except ScheduleNotFound:
            found = None
        if found is None or not _says(found.raw, json.loads(encode(body))):
            raise
        return found
    return Schedule.of(answer.json())


def _says(found: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a schedule is what it was put as: a put replaces, so what was not said must be as if it never had been."""
    return all(_same(name, found.get(name, _DEFAULTS.get(name)), body.get(name, _DEFAULTS.get(name))) for name in {*_OPTIONAL, *_DEFAULTS, *body}) and _counts_from(found, body)


def _counts_from(found: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether a period counts from where it does when nobody says it; an answer tells that either way."""
    if "every" not in body or "anchor" in body or "anchor" not in found:
        return True
    made = instants.parse(found.get("createdAt"))
    return instants.parse(found["anchor"]) == (instants.parse(body["start"]) if "start" in body else made and made.replace(microsecond=0))


def _same(name: str, found: Any, put: Any) -> bool:
    if name in ("anchor", "start", "end") and found and put:
        return instants.parse(found) == instants.parse(put)
    if name == "notify" and isinstance(put, list):
        put = [{"url": one} if isinstance(one, str) else one for one in put]
        return isinstance(found, list) and len(found) == len(put) and all(
            one.get("url") == other.get("url") and ("on" not in other or sorted(one.get("on", ())) == sorted(other["on"])) for one, other in zip(found, put))
    if name == "flow" and isinstance(found, dict) and isinstance(put, dict):
        told, said = found.get("jobs"), put.get("jobs")
        return (
            isinstance(told, list) and isinstance(said, list) and len(told) == len(said) and all(map(_same_job, told, said))
            and bool(found.get("result") == put.get("result")) and bool(found.get("onFailure", "cancel") == put.get("onFailure", "cancel")))
    return bool(found == put)


def _same_job(found: Mapping[str, Any], put: Mapping[str, Any]) -> bool:
    """One job of a flow; its queue and key are told also where its type says them."""
    names = {*found, *put} - {name for name in ("queue", "key", "keyWeight") if name not in put}
    return all(_member(found, name) == _member(put, name) for name in names)


def _member(job: Mapping[str, Any], name: str) -> Any:
    if name == "after":
        return [{"on": "success", **(edge if isinstance(edge, dict) else {"job": edge})} for edge in job.get(name) or ()]
    return job.get(name, {"tags": {}, "weight": 1}.get(name))


_OPTIONAL = (
    "type", "flow", "cron", "every", "zone", "count", "start", "end", "key", "weight", "attempts", "timeout", "deadline", "retention", "notify", "missedAfter", "missedWithin")
"""What an answer leaves out where it was not put."""

_DEFAULTS: Dict[str, Any] = {"args": {}, "tags": {}, "priority": 4, "jitter": 0, "overlap": "skip", "missed": "one"}
"""What goes without saying."""


def next_of(settings: Settings, what: Mapping[str, Any]) -> Operation[Tuple[datetime, ...]]:
    answer = yield from settings.exchange().expect(Request("GET", "/schedules/next?" + urlencode(what), timeout=settings.timeout))
    return tuple(moment for moment in map(instants.parse, answer.json()["next"]) if moment is not None)


def next_query(
    cron: Optional[str] = None, *, every: Optional[Span] = None, zone: Optional[str] = None, anchor: Optional[When] = None, start: Optional[When] = None,
    end: Optional[When] = None, count: Optional[int] = None,
) -> Dict[str, Any]:
    """Which instants are asked for: those that a schedule of these would have; `count` is how many, 10 unless given."""
    said: Dict[str, Any] = {
        "cron": cron, "every": _seconds(every), "zone": zone, "anchor": _instant(anchor), "start": _instant(start), "end": _instant(end), "count": count,
    }
    return {name: value for name, value in said.items() if value is not None}


def get(settings: Settings, schedule: str) -> Operation[Schedule]:
    answer = yield from settings.exchange().expect(Request("GET", path_of(schedule), timeout=settings.timeout))
    return Schedule.of(answer.json())


def page(settings: Settings, cursor: Optional[str]) -> Operation[Tuple[Tuple[Schedule, ...], Optional[str]]]:
    query = "?" + urlencode({"cursor": cursor}) if cursor else ""
    found = (yield from settings.exchange().expect(Request("GET", "/schedules" + query, timeout=settings.timeout))).json()
    return tuple(Schedule.of(one) for one in found["schedules"]), found.get("cursor")


def delete(settings: Settings, schedule: str) -> Operation[None]:
    exchange = settings.exchange()
    try:
        yield from exchange.expect(Request("DELETE", path_of(schedule), timeout=settings.timeout))
    except ScheduleNotFound:
        if not exchange.repeated:
            raise


def pause(settings: Settings, schedule: str, reason: Optional[str]) -> Operation[Schedule]:
    return (yield from _order(settings, schedule, "/pause", reason))


def resume(settings: Settings, schedule: str, reason: Optional[str]) -> Operation[Schedule]:
    return (yield from _order(settings, schedule, "/resume", reason))


def trigger(settings: Settings, schedule: str, key: Optional[str]) -> Operation[str]:
    """Under a key, so that however often it is asked it submits one job."""
    headers = {"idempotency-key": json.dumps(key or str(uuid4()))}
    answer = yield from settings.exchange().expect(Request("POST", path_of(schedule, "/trigger"), None, headers, settings.timeout))
    return str(answer.json()["job"])


def backfill(settings: Settings, schedule: str, start: When, end: When) -> Operation[Tuple[str, ...]]:
    body = encode({"from": instants.instant(start), "to": instants.instant(end)})
    answer = yield from settings.exchange().expect(Request("POST", path_of(schedule, "/backfill"), body, _JSON, settings.timeout))
    return tuple(answer.json()["jobs"])


def runs(settings: Settings, schedule: str) -> Operation[Tuple[ScheduleRun, ...]]:
    answer = yield from settings.exchange().expect(Request("GET", path_of(schedule, "/runs"), timeout=settings.timeout))
    return tuple(ScheduleRun.of(run) for run in answer.json()["runs"])


def _order(settings: Settings, schedule: str, what: str, reason: Optional[str]) -> Operation[Schedule]:
    body, headers = (None, {}) if reason is None else (encode({"reason": reason}), _JSON)
    answer = yield from settings.exchange().expect(Request("POST", path_of(schedule, what), body, headers, settings.timeout))
    return Schedule.of(answer.json())


def _seconds(span: Optional[Span]) -> Optional[float]:
    return None if span is None else instants.seconds(span)


def _instant(when: Optional[When]) -> Optional[str]:
    return None if when is None else instants.instant(when)
