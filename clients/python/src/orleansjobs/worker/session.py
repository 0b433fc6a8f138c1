"""One session of docs/WORKERS.md without a wire and without a clock: what the next call says, and what an answer means."""
from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ..errors import Problem
from .lines import Lines
from .signals import Encoded, Failure, Report

Key = Tuple[str, str]

MAX_WANT = 500
"""Half of what may be held: the next leases come while the reports of these are stored."""
LEAST_WANT = 100
"""What every gateway takes: it may be of an older release than the worker."""
MAX_HELD = 1000
MAX_REPORTS = 1000
MAX_BYTES = 3 << 20
MAX_PROGRESS_BYTES = 1 << 19
"""Of progress, beside that of reports: a call may be 4 MiB."""
MAX_REMEMBERED = 20_000
MAX_LINES_BYTES = 1 << 18
_NO_LINES = re.compile(r"/(?:reports/\d+/)?logs(?:/|$)")
_NO_TRACE = re.compile(r"/reports/\d+/error/trace(?:/|$)")
_POINTER = re.compile(r"/(reports|progress)/(\d+)(?:/|$)")
_NEWS = re.compile(r"/(?:reports|progress|logs)(?:/|$)")


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
    is_bye: bool = False
    lines: Mapping[Key, int] = field(default_factory=dict)

    @property
    def has_news(self) -> bool:
        return bool(self.reports or self.progress or self.lines)


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
        self._most = MAX_WANT
        self._sent: Set[Key] = set()
        # Reports of a call that was refused without a word of which is wrong: until none of them is left, each goes alone.
        self._doubtful: Set[Key] = set()
        # The next call says no news at all: if it is refused too, it is not for what there is to say.
        self._probing = False
        self.id: Optional[str] = None
        self.heartbeat = 10.0
        self.held: Dict[Key, Lease] = {}
        self.outbox: Dict[Key, Report] = {}
        self.progress: Dict[Key, Dict[str, Any]] = {}
        self.lines = Lines()
        self.withheld: Set[str] = set()
        """Types that nothing of could be started for a while: others may have it, and who looks at it sees that it waits."""

    @property
    def has_news(self) -> bool:
        return bool(self.outbox or self.progress)

    def say(self, key: Key, progress: Mapping[str, Any]) -> None:
        """Progress: the newest counts, and what it leaves out stays as it was said before."""
        if key in self.held and key not in self.outbox:
            said = {name: value for name, value in progress.items() if name != "lines"}
            if said:
                self.progress[key] = {**self.progress.get(key, {}), **said}
            if "lines" in progress:
                self.lines.add(key, progress["lines"])

    def report(self, key: Key, report: Report) -> None:
        """How an attempt ended. What is not held any more was lost, and needs no report."""
        if key in self.held and key not in self.outbox:
            self.outbox[key] = report

    def call(self, want: int, wait: float, bye: bool = False) -> Call:
        self._seq += 1
        if self.id is None:
            return self._opening()
        reports = {} if self._probing else self._pick()
        # Beside what is doubted nothing is said that could be at fault as well.
        alone = self._probing or bool(self._doubtful and reports)
        progress = {} if alone else self._pick_progress()
        said = [{"id": key[0], "token": key[1], **what} for key, what in progress.items()]
        lines, through = ([], {}) if alone else self.lines.pick(self.outbox, MAX_LINES_BYTES)
        self._sent.update(reports)
        # What it does not carry would be handed back.
        is_bye = bye and len(reports) == len(self.outbox)
        names = [name for name in self._names if name not in self.withheld] if self.withheld else self._names
        want = max(0, min(want, self._most, MAX_HELD - len(self.held))) if names else 0
        waits = wait > 0 and not reports and not said and not lines and not bye and not self._probing
        head: Dict[str, Any] = {"session": self.id, "seq": self._seq, "types": names or self._names, **self._who, "want": want, "wait": wait if waits else 0}
        head["holds"] = [{"id": key[0], "token": key[1]} for key in self.held if key not in self._sent]
        if said:
            head["progress"] = said
        if lines:
            head["logs"] = [{"id": key[0], "token": key[1], **what} for key, what in lines]
        if is_bye:
            head["bye"] = True
        body = _bytes(_json(head))
        if reports:
            body = body[:-1] + b',"reports":[' + b",".join(reports.values()) + b"]}"
        return Call(self._seq, body, tuple(reports), progress, waits, want, is_bye, through)

    def _opening(self) -> Call:
        """Only opens the session: were the answer lost that brings leases, nobody would know whose they are."""
        head = {"seq": self._seq, "types": self._types, **self._who}
        return Call(self._seq, _bytes(_json(head)), (), {}, False, 0)

    def answered(self, call: Call, answer: Mapping[str, Any]) -> Answer:
        self.id = answer["session"]
        self.heartbeat = float(answer.get("heartbeat", self.heartbeat))
        self.lines.heard(call.lines)
        self._probing = self._probing and call.has_news
        stale: List[Key] = []
        struck = len(answer.get("reports", ()))
        for said in answer.get("reports", ()):
            key = (said["id"], said["token"])
            if said["status"] != 200:
                stale.append(key)
            self._strike(key)
        self._doubtful.intersection_update(self.outbox)
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
        self.lines.unheard(call.lines)
        for key, said in call.progress.items():
            if key in self.held:
                self.progress[key] = {**said, **self.progress.get(key, {})}

    def refused(self, call: Call, problem: Problem) -> bool:
        """Makes the best of a call that was refused as a whole. False where nothing in it can be mended."""
        if problem.code == "session-not-found" and self.id is not None:
            self.id = None
            return True
        if self._most > LEAST_WANT and any(mistake.pointer == "/want" for mistake in problem.mistakes):
            self._most = LEAST_WANT
            self.failed(call)
            self._sent.difference_update(call.reports)  # the grid has not read them
            return True
        if problem.status not in (400, 413, 422) or not call.has_news:
            return False
        self._sent.difference_update(call.reports)  # the grid has not read them
        if any(_NO_LINES.match(mistake.pointer or "") for mistake in problem.mistakes):
            # No job is to fail for what it has logged.
            self.lines.refuse()
            return True
        if any(_NO_TRACE.match(mistake.pointer or "") for mistake in problem.mistakes):
            for report in self.outbox.values():
                report.get("error", {}).pop("trace", None)
            return True
        if problem.mistakes and not any(_NEWS.match(mistake.pointer or "") for mistake in problem.mistakes):
            return False  # what is wrong is none of what there is to say
        places = [match.groups() for match in (_POINTER.match(mistake.pointer or "") for mistake in problem.mistakes) if match]
        if not places:
            return self._take_apart(call, problem)
        # What was not named as wrong is said again.
        told = list(call.progress)
        for part, index in places:
            if part == "reports" and int(index) < len(call.reports):
                self._replace(call.reports[int(index)], problem)
            elif part == "progress" and int(index) < len(told):
                self.progress.pop(told[int(index)], None)
        return True

    def _take_apart(self, call: Call, problem: Problem) -> bool:
        """It is not said which part is wrong: lines and progress are given up, and reports go one by one until the wrong one is found. Whatever says no news
        has to be answered before each of them: something on the way that refuses all there is costs no job its result."""
        for key in call.progress:
            self.progress.pop(key, None)
        if not call.reports:
            self.lines.heard(call.lines)
            return True
        if len(call.reports) == 1 and call.reports[0] in self._doubtful:
            if self.lines.of_report(call.reports[0]) is not None:
                self.lines.forget(call.reports[0])  # no job is to fail for what it has logged
            else:
                self._replace(call.reports[0], problem)
        self._doubtful.update(call.reports)
        self._probing = True
        return True

    def _replace(self, key: Key, problem: Problem) -> None:
        """A result that the grid does not take fails its job, or the job would never end."""
        report = self.outbox.get(key)
        if report is not None:
            substitute = Failure(f"The grid refused the report: {problem}"[:1000], type(problem).__name__, final=True).report()
            self.outbox[key] = {"outcome": "returned"} if report == substitute else substitute

    def _pick(self) -> Dict[Key, bytes]:
        """The reports of the next call, as it writes them."""
        picked: Dict[Key, bytes] = {}
        size = 0
        for key, report in self.outbox.items():
            lines = self.lines.of_report(key)
            written = _bytes(_written(key, {**report, "logs": lines} if lines else report))
            size += len(written) + 1
            if picked and (size > MAX_BYTES or len(picked) >= (1 if self._doubtful else MAX_REPORTS)):
                break
            picked[key] = written
        return picked

    def _pick_progress(self) -> Dict[Key, Dict[str, Any]]:
        picked: Dict[Key, Dict[str, Any]] = {}
        size = 0
        for key, said in self.progress.items():
            size += len(_bytes(_json(said))) + 100
            if picked and (size > MAX_PROGRESS_BYTES or len(picked) >= MAX_REPORTS):
                break
            picked[key] = said
        for key in picked:
            del self.progress[key]
        return picked

    def _strike(self, key: Key) -> None:
        if self.held.pop(key, None) is None:
            return
        self.outbox.pop(key, None)
        self.progress.pop(key, None)
        self.lines.forget(key)
        self._stopped.discard(key)
        self._sent.discard(key)
        self._reported[key] = None
        if len(self._reported) > MAX_REMEMBERED:
            self._reported.popitem(last=False)


def _json(value: Any) -> str:
    """As bounds of the grid count it: a letter as its bytes, and not as what it takes to escape them."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _bytes(text: str) -> bytes:
    """Half a letter, which no UTF-8 has, would have the whole call refused."""
    return text.encode("utf-8", "replace")


def _written(key: Key, report: Report) -> str:
    result = report.get("result")
    if not isinstance(result, Encoded):
        return _json({"id": key[0], "token": key[1], **report})
    head = _json({"id": key[0], "token": key[1], **{name: value for name, value in report.items() if name != "result"}})
    return f'{head[:-1]},"result":{result}}}'
