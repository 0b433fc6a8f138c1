"""One session of docs/WORKERS.md without a wire and without a clock: what the next call says, and what an answer means."""
from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ..errors import Problem
from .signals import Encoded, Failure, Report

Key = Tuple[str, str]

MAX_WANT = 100
MAX_HELD = 1000
MAX_REPORTS = 1000
MAX_BYTES = 3 << 20
MAX_REMEMBERED = 20_000
_POINTER = re.compile(r"/(reports|progress)/(\d+)(?:/|$)")


@dataclass(frozen=True)
class Lease:
    """A job that is this process's to run."""

    id: str
    token: str
    type: str
    queue: str
    attempt: int
    attempts: int
    args: Any
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def key(self) -> Key:
        return self.id, self.token

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "Lease":
        return Lease(
            raw["id"], raw["token"], raw["type"], raw.get("queue", "default"), raw.get("attempt", 1), raw.get("attempts", 0), raw.get("args"), raw)


@dataclass(frozen=True)
class Stop:
    key: Key
    why: str


@dataclass(frozen=True)
class Call:
    """A call as it was sent: what an answer's places refer to."""

    seq: int
    body: bytes
    reports: Tuple[Key, ...]
    progress: Mapping[Key, Mapping[str, Any]]
    waits: bool
    want: int

    @property
    def has_news(self) -> bool:
        return bool(self.reports or self.progress)


@dataclass(frozen=True)
class Answer:
    leases: Tuple[Lease, ...] = ()
    stops: Tuple[Stop, ...] = ()
    stale: Tuple[Key, ...] = ()
    struck: int = 0
    warnings: Tuple[str, ...] = ()


class Session:
    def __init__(self, types: Sequence[Mapping[str, Any]], queues: Optional[Sequence[str]], name: Optional[str]) -> None:
        self._types = list(types)
        self._names = [said["name"] for said in types]
        self._who: Dict[str, Any] = {**({"queues": list(queues)} if queues else {}), **({"name": name} if name else {})}
        self._seq = 0
        self._stopped: Set[Key] = set()
        self._reported: "OrderedDict[Key, None]" = OrderedDict()
        self._sent: Set[Key] = set()
        self._single = False
        self.id: Optional[str] = None
        self.heartbeat = 10.0
        self.held: Dict[Key, Lease] = {}
        self.outbox: Dict[Key, Report] = {}
        self.progress: Dict[Key, Dict[str, Any]] = {}

    @property
    def has_news(self) -> bool:
        return bool(self.outbox or self.progress)

    def say(self, key: Key, progress: Mapping[str, Any]) -> None:
        """Progress: the newest counts, and what it leaves out stays as it was said before."""
        if key in self.held and key not in self.outbox:
            self.progress[key] = {**self.progress.get(key, {}), **progress}

    def report(self, key: Key, report: Report) -> None:
        """How an attempt ended. What is not held any more was lost, and needs no report."""
        if key in self.held and key not in self.outbox:
            self.outbox[key] = report

    def call(self, want: int, wait: float, bye: bool = False) -> Call:
        self._seq += 1
        if self.id is None:
            return self._opening()
        reports = self._pick()
        alone = self._single and bool(reports)
        progress = {} if alone else {key: self.progress.pop(key) for key in list(self.progress)[:MAX_REPORTS]}
        said = [{"id": key[0], "token": key[1], **what} for key, what in progress.items()]
        self._sent.update(reports)
        want = max(0, min(want, MAX_WANT, MAX_HELD - len(self.held)))
        waits = wait > 0 and not reports and not said and not bye
        head: Dict[str, Any] = {"session": self.id, "seq": self._seq, "types": self._names, **self._who, "want": want, "wait": wait if waits else 0}
        head["holds"] = [{"id": key[0], "token": key[1]} for key in self.held if key not in self._sent]
        if said:
            head["progress"] = said
        if bye:
            head["bye"] = True
        text = json.dumps(head, separators=(",", ":"))
        if reports:
            text = text[:-1] + ',"reports":[' + ",".join(_written(key, self.outbox[key]) for key in reports) + "]}"
        return Call(self._seq, text.encode(), tuple(reports), progress, waits, want)

    def _opening(self) -> Call:
        """Only opens the session: were the answer lost that brings leases, nobody would know whose they are."""
        head = {"seq": self._seq, "types": self._types, **self._who}
        return Call(self._seq, json.dumps(head, separators=(",", ":")).encode(), (), {}, False, 0)

    def answered(self, call: Call, answer: Mapping[str, Any]) -> Answer:
        self.id = answer["session"]
        self.heartbeat = float(answer.get("heartbeat", self.heartbeat))
        self._single = self._single and bool(self.outbox)
        stale: List[Key] = []
        struck = len(answer.get("reports", ()))
        for said in answer.get("reports", ()):
            key = (said["id"], said["token"])
            if said["status"] != 200:
                stale.append(key)
            self._strike(key)
        leases: List[Lease] = []
        for raw in answer.get("leases", ()):
            lease = Lease.of(raw)
            # It was on its way twice.
            if lease.key in self.held or lease.key in self._reported:
                continue
            self.held[lease.key] = lease
            leases.append(lease)
        stops: List[Stop] = []
        for said in answer.get("cancel", ()):
            key = (said["id"], said["token"])
            lost = said["why"] == "lost"
            if key in self.held and key not in self.outbox and (lost or key not in self._stopped):
                self._stopped.add(key)
                stops.append(Stop(key, said["why"]))
            if lost:
                self._strike(key)
        return Answer(tuple(leases), tuple(stops), tuple(stale), struck, tuple(answer.get("warnings", ())))

    def failed(self, call: Call) -> None:
        """The call had no answer: what it said is said again, as far as nothing newer has been."""
        for key, said in call.progress.items():
            if key in self.held:
                self.progress[key] = {**said, **self.progress.get(key, {})}

    def refused(self, call: Call, problem: Problem) -> bool:
        """Makes the best of a call that was refused as a whole. False where nothing in it can be mended."""
        if problem.code == "session-not-found" and self.id is not None:
            self.id = None
            return True
        if problem.status not in (400, 413, 422) or not call.has_news:
            return False
        places = [match.groups() for match in (_POINTER.match(mistake.pointer or "") for mistake in problem.mistakes) if match]
        if not places:
            return self._take_apart(call, problem)
        # What was not named as wrong is said again.
        for part, index in places:
            if part == "reports" and int(index) < len(call.reports):
                self._replace(call.reports[int(index)], problem)
        return True

    def _take_apart(self, call: Call, problem: Problem) -> bool:
        """It is not said which part is wrong: progress is given up, and reports go one by one until the wrong one is found."""
        if self._single and len(call.reports) == 1:
            self._replace(call.reports[0], problem)
        self._single = bool(call.reports)
        return True

    def _replace(self, key: Key, problem: Problem) -> None:
        """A result that the grid does not take fails its job, or the job would never end."""
        report = self.outbox.get(key)
        if report is not None:
            substitute = Failure(f"The grid refused the report: {problem}"[:1000], type(problem).__name__, final=True).report()
            self.outbox[key] = {"outcome": "returned"} if report == substitute else substitute

    def _pick(self) -> List[Key]:
        keys: List[Key] = []
        size = 0
        for key, report in self.outbox.items():
            size += len(report.get("result", "")) + 500
            if keys and (size > MAX_BYTES or len(keys) >= (1 if self._single else MAX_REPORTS)):
                break
            keys.append(key)
        return keys

    def _strike(self, key: Key) -> None:
        if self.held.pop(key, None) is None:
            return
        self.outbox.pop(key, None)
        self.progress.pop(key, None)
        self._stopped.discard(key)
        self._sent.discard(key)
        self._reported[key] = None
        if len(self._reported) > MAX_REMEMBERED:
            self._reported.popitem(last=False)


def _written(key: Key, report: Report) -> str:
    result = report.get("result")
    if not isinstance(result, Encoded):
        return json.dumps({"id": key[0], "token": key[1], **report}, separators=(",", ":"))
    head = json.dumps({"id": key[0], "token": key[1], **{name: value for name, value in report.items() if name != "result"}}, separators=(",", ":"))
    return f'{head[:-1]},"result":{result}}}'
