"""Live events: a parser for Server-Sent Events, and what to do when a stream breaks."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Set
from urllib.parse import quote, urlencode

from .errors import Problem, Unreachable, problem_from_bytes
from .exchange import Clock, Request, Response, backoff, is_passing
from .job import Job

SILENCE = 45.0
"""Seconds without a byte after which a stream counts as broken: three pings."""

MAX_EVENT = 64 << 20


@dataclass(frozen=True)
class Event:
    name: str
    data: str
    id: Optional[str]


class EventParser:
    """Takes bytes as they come, cut anywhere, and gives whole events."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: List[str] = []
        self._name = ""
        self._size = 0
        self.last_id: Optional[str] = None

    def feed(self, chunk: bytes) -> List[Event]:
        self._rest += chunk
        events: List[Event] = []
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        if self._size + len(rest) > MAX_EVENT:
            raise ValueError("an event is larger than anything the gateway sends")
        for line in lines:
            self._take(line.rstrip(b"\r").decode("utf-8", "replace"), events)
        return events

    def _take(self, line: str, events: List[Event]) -> None:
        if not line:
            if self._data:
                events.append(Event(self._name or "message", "\n".join(self._data), self.last_id))
            self._data, self._name, self._size = [], "", 0
            return
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            self._data.append(value)
            self._size += len(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self.last_id = value


class Watch:
    """Follows jobs over as many connections as it takes. Pure: it is told what happened and says what to do."""

    def __init__(self, ids: Sequence[str], patience: float, clock: Clock) -> None:
        if not ids:
            raise ValueError("name at least one job to watch")
        if len(ids) > 100:
            raise ValueError("one stream follows at most 100 jobs")
        self._ids = tuple(ids)
        self._left: Set[str] = set(ids)
        self._patience = patience
        self._clock = clock
        self._versions: Dict[str, int] = {}
        self._last_id: Optional[str] = None
        self._parser = EventParser()
        self._failures = 0
        self._failing_since: Optional[float] = None
        self.over = False

    def request(self) -> Request:
        self._parser = EventParser()
        headers = {"accept": "text/event-stream"}
        if self._last_id is not None:
            headers["last-event-id"] = self._last_id
        one = len(self._ids) == 1
        path = f"/jobs/{quote(self._ids[0], safe='')}/events" if one else "/events?" + urlencode({"jobs": ",".join(self._ids)}, safe=",")
        return Request("GET", path, headers=headers, timeout=SILENCE)

    def opened(self, status: int) -> bool:
        """Whether there is a stream to read. 204 says that all has been told."""
        if status == 204:
            self.over = True
        return status == 200

    def refused(self, answer: Response) -> float:
        """Seconds to pause; raises where asking again is of no use."""
        if not is_passing(answer.status):
            raise problem_from_bytes(answer.status, answer.body, answer.retry_after)
        return self._failed(answer.retry_after, problem_from_bytes(answer.status, answer.body))

    def feed(self, chunk: bytes) -> List[Job]:
        self._failures, self._failing_since = 0, None
        news: List[Job] = []
        for event in self._parser.feed(chunk):
            if event.name == "ping" or not event.data:
                continue
            raw: Dict[str, Any] = json.loads(event.data)
            self._last_id = event.id
            job = Job.of(raw)
            if job.version <= self._versions.get(job.id, -1):
                continue
            self._versions[job.id] = job.version
            if job.ended:
                self._left.discard(job.id)
            else:
                self._left.add(job.id)  # it was run again
            news.append(job)
        return news

    def closed(self) -> float:
        """The stream ended in order: for good, once every job has been told to its end. Jobs that are gone are told by the next request."""
        if not self._left:
            self.over = True
        elif len(self._ids) > 1 and self._parser.last_id is not None and self._parser.last_id.startswith("end:"):
            self.over = True
        return 0.0 if self.over else self._failed(None, None)

    def lost(self, error: BaseException) -> float:
        return self._failed(None, error)

    def _failed(self, asked: Optional[float], error: Optional[BaseException]) -> float:
        now = self._clock()
        if self._failing_since is None:
            self._failing_since = now
        self._failures += 1
        wait = backoff(self._failures, asked)
        if now - self._failing_since + wait > self._patience:
            if isinstance(error, Problem):
                raise error
            raise Unreachable(f"The stream of events broke and was not to be had again: {error}") from error
        return wait
