"""What the client can ask for, decided once: `Client` and `AsyncClient` only carry it out."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import quote, urlencode
from uuid import uuid4

from .errors import Conflict, JobCancelled, JobFailed, JobNotFound, NotEnded, Problem, Unavailable, problem_from
from .exchange import Clock, Exchange, Operation, Pause, Request, Response, backoff, is_passing
from .flows import Flow
from .job import FAILURE, SUCCESS, Job
from .writing import encode

MAX_BATCH = 1000
MAX_BATCH_BYTES = 15 << 20
LONGEST_WAIT = 60
_JSON = {"content-type": "application/json"}

Outcome = Union[Job, Problem]


@dataclass(frozen=True)
class Settings:
    """`patience`: seconds for which a request is asked again while the gateway is away. `timeout`: seconds until one answer is given up."""

    patience: float
    timeout: float
    clock: Clock

    def exchange(self) -> Exchange:
        return Exchange(self.patience, self.clock)


def path_of(job_id: str, more: str = "") -> str:
    return f"/jobs/{quote(job_id, safe='')}{more}"


def _prefer(wait: Optional[float]) -> Dict[str, str]:
    return {} if wait is None else {"prefer": f"wait={max(0, min(LONGEST_WAIT, int(wait)))}"}


def submit(settings: Settings, body: Mapping[str, Any], wait: Optional[float] = None) -> Operation[Job]:
    # What has no id of its own is known by a key when it is sent again.
    known = {} if "id" in body else {"idempotency-key": json.dumps(str(uuid4()))}
    request = Request("POST", "/jobs", encode(body), {**_JSON, **_prefer(wait), **known}, settings.timeout + (wait or 0))
    answer = yield from settings.exchange().expect(request)
    return Job.of(answer.json())


def batch(settings: Settings, bodies: Iterable[Mapping[str, Any]]) -> Operation[List[Outcome]]:
    """All of them, in requests as large as may be. What the grid had no room for is asked again, under the same ids."""
    outcomes: List[Outcome] = []
    for chunk in _chunks(bodies):
        outcomes.extend((yield from _chunk(settings, chunk)))
    return outcomes


def _chunks(bodies: Iterable[Mapping[str, Any]]) -> Iterator[List[bytes]]:
    chunk: List[bytes] = []
    size = 0
    for body in bodies:
        item = encode(body)
        if chunk and (len(chunk) == MAX_BATCH or size + len(item) > MAX_BATCH_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item) + 1
    if chunk:
        yield chunk


def _chunk(settings: Settings, items: List[bytes]) -> Operation[List[Outcome]]:
    found: Dict[int, Outcome] = {}
    left = list(range(len(items)))
    started = settings.clock()
    failures = 0
    while True:
        body = b"[" + b",".join(items[index] for index in left) + b"]"
        answer = yield from settings.exchange().expect(Request("POST", "/jobs:batch", body, _JSON, settings.timeout))
        again: List[int] = []
        for index, item in zip(left, answer.json()["items"]):
            outcome: Outcome = Job.of(item["job"]) if "job" in item else problem_from(item["status"], item.get("problem"))
            found[index] = outcome
            if is_passing(item["status"]):
                again.append(index)
        failures += 1
        wait = backoff(failures)
        if not again or settings.clock() - started + wait > settings.patience:
            return [found[index] for index in range(len(items))]
        left = again
        yield Pause(wait)


def status(settings: Settings, job_id: str, wait: Optional[float] = None) -> Operation[Job]:
    answer = yield from settings.exchange().expect(Request("GET", path_of(job_id), headers=_prefer(wait), timeout=settings.timeout + (wait or 0)))
    return Job.of(answer.json())


def wait(settings: Settings, job_id: str, timeout: Optional[float]) -> Operation[Job]:
    """The job once it has ended. Held at the gateway, so that nothing is polled."""
    started = settings.clock()
    while True:
        left = LONGEST_WAIT if timeout is None else timeout - (settings.clock() - started)
        held = max(0.0, min(float(LONGEST_WAIT), left))
        seconds = int(held + 0.999)  # the preference is in whole seconds
        request = Request("GET", path_of(job_id), headers=_prefer(seconds) if held else {}, timeout=settings.timeout + seconds)
        answer = yield from settings.exchange().expect(request)
        job = Job.of(answer.json())
        if job.ended:
            return job
        if timeout is not None and settings.clock() - started >= timeout:
            raise NotEnded(f"Job {job_id} has not ended within {timeout:g} s: {job.state}, {job.status}", job)
        if held and "preference-applied" not in answer.headers:
            yield Pause(min(left, answer.retry_after or 1.0))  # too many wait there: it answered at once


def result(settings: Settings, job_id: str, timeout: Optional[float]) -> Operation[Any]:
    job = yield from wait(settings, job_id, timeout)
    if job.state == SUCCESS:
        return job.result
    raise JobFailed(job) if job.state == FAILURE else JobCancelled(job)


def cancel(settings: Settings, job_id: str, reason: Optional[str]) -> Operation[Job]:
    """Repeating it is no mistake: the answer says where the job stands."""
    answer = yield from settings.exchange().expect(Request("POST", path_of(job_id, "/cancel"), *_reason(reason), settings.timeout))
    return Job.of(answer.json())


def retry(settings: Settings, job_id: str, reason: Optional[str]) -> Operation[Job]:
    exchange = settings.exchange()
    try:
        answer = yield from exchange.expect(Request("POST", path_of(job_id, "/retry"), *_reason(reason), settings.timeout))
        return Job.of(answer.json())
    except Conflict:
        if not exchange.repeated:
            raise
        # The first answer may have been lost, and what it did stands in the way of doing it again.
        job = yield from status(settings, job_id)
        changes = job.raw.get("changes") or ()
        if not changes or changes[-1]["what"] != "retried":
            raise
        return job


def delete(settings: Settings, job_id: str, reason: Optional[str]) -> Operation[None]:
    exchange = settings.exchange()
    query = "?" + urlencode({"reason": reason}) if reason else ""
    try:
        yield from exchange.expect(Request("DELETE", path_of(job_id) + query, timeout=settings.timeout))
    except JobNotFound:
        if not exchange.repeated:
            raise


def page(settings: Settings, filters: Sequence[Tuple[str, str]], cursor: Optional[str]) -> Operation[Tuple[List[Job], Optional[str]]]:
    query = list(filters) + ([("cursor", cursor)] if cursor else [])
    answer = yield from settings.exchange().expect(Request("GET", "/jobs" + ("?" + urlencode(query) if query else ""), timeout=settings.timeout))
    found = answer.json()
    return [Job.of(job) for job in found["jobs"]], found.get("cursor")


def submit_flow(settings: Settings, body: Mapping[str, Any]) -> Operation[Job]:
    answer = yield from settings.exchange().expect(Request("POST", "/flows", encode(body), _JSON, settings.timeout))
    return Job.of(answer.json())


def flow(settings: Settings, job_id: str) -> Operation[Flow]:
    answer = yield from settings.exchange().expect(Request("GET", f"/flows/{quote(job_id, safe='')}", timeout=settings.timeout))
    return Flow.of(answer.json())


def signal(settings: Settings, job_id: str, name: str, body: Any, key: Optional[str]) -> Operation[None]:
    """Sent under a key, so that the job gets one of however many repeats."""
    headers = {**_JSON, "idempotency-key": json.dumps(key or str(uuid4()))}
    path = path_of(job_id, f"/signals/{quote(name, safe='')}")
    yield from settings.exchange().expect(Request("POST", path, encode(body), headers, settings.timeout))


def _reason(reason: Optional[str]) -> Tuple[Optional[bytes], Mapping[str, str]]:
    return (None, {}) if reason is None else (encode({"reason": reason}), _JSON)
