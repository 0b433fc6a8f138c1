"""A canvas as jobs: ids are given out here, so that each result can be asked for before its task has run, and all of it is submitted together."""
from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple
from uuid import uuid4

from ...writing import encode
from .. import calling, signals
from ..asyncresult import AsyncResult
from .builtins import builtin
from .placed import Before, Placed
from .signature import Signature, maybe_signature
from .submitting import submit_all

if TYPE_CHECKING:
    from ..app import Celery

MOST = 100
"""Jobs that one may follow."""
GROUP = "celery.group"
"""The tag of a group's members: by it one list tells where all of them stand."""
BODY = "celery.body"
"""The tag of a chord's body: the group that it joins."""
KEPT = 7 * 86400.0
"""Seconds that a task is kept at least which others follow: they ask for what it came to when they run, however late that is."""
MOST_LISTED = 64 << 10
"""Bytes of ids in the arguments of one job; the grid takes 256 KiB of arguments."""


class Plan:
    """Collects jobs in an order in which none comes before one that it follows."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self._bodies: List[Dict[str, Any]] = []
        self._joins: Dict[Tuple[str, ...], Tuple[str, ...]] = {}
        self._lists: Dict[int, Any] = {}

    def place(self, sig: Signature, args: Sequence[Any], kwargs: Mapping[str, Any], before: Optional[Before], options: Mapping[str, Any]) -> Placed:
        """A task's job, and those of its callbacks."""
        opts = dict(options)
        links, errbacks = _list(opts.pop("link", None)), _list(opts.pop("link_error", None))
        part = Part(self, before, sig["immutable"], opts.pop("group_id", None))
        result: AsyncResult = self.app.send_task(sig["task"], args, kwargs, canvas=part, **opts)
        result.parent = before.result if before else None
        placed = Placed(result, result.id, (result.id,), before.root if before and before.root else result.id)
        for link in links:
            maybe_signature(link, self.app)._place(self, (), {}, Before(result.id, placed.jobs, result, placed.root, unmet="cancel"), {})
        for errback in errbacks:
            self._errback(maybe_signature(errback, self.app), result, before, placed.root)
        return placed

    def write(self, body: Dict[str, Any]) -> None:
        self._bodies.append(body)

    def after(self, jobs: Tuple[str, ...]) -> Tuple[str, ...]:
        """At most as many as a job may follow: beyond that, jobs that do nothing but wait for a hundred each."""
        if len(jobs) <= MOST - 1:
            return jobs
        if jobs not in self._joins:
            self._joins[jobs] = self.after(tuple(self._join(jobs[at:at + MOST]) for at in range(0, len(jobs), MOST)))
        return self._joins[jobs]

    def _join(self, jobs: Sequence[str]) -> str:
        body = self._builtin(after=list(jobs))
        self.write(body)
        return str(body["id"])

    def _builtin(self, **more: Any) -> Dict[str, Any]:
        """A job that does nothing."""
        body = {
            "type": builtin(self.app, "join"), "args": {"args": [], "kwargs": {}}, "id": str(uuid4()), "queue": self.app.conf.task_default_queue,
            "attempts": calling.ATTEMPTS, "priority": self.app.conf.task_default_priority, **more,
        }
        return {key: value for key, value in body.items() if value is not None}

    def _errback(self, errback: Signature, failed: AsyncResult, before: Optional[Before], root: Optional[str]) -> None:
        """Runs once the task itself has failed: one that was not run since another had failed calls its own errbacks only where it is the body of a chord."""
        needed = () if before is None or before.group is not None else self.after(before.jobs)
        single = errback["subtask_type"] is None
        args = () if single or errback["immutable"] else (failed.id,)
        errback._place(self, args, {}, Before(None, needed, failed, root, unmet="cancel", failed=failed.id, told=single), {})

    def submit(self) -> None:
        """All of it, or, where some of it is refused, none: what was there already is cancelled."""
        wanted = {id for body in self._bodies for id in ids_of(body["args"].get("from"))}
        for body in self._bodies:
            if body["id"] in wanted:
                body["args"]["kept"] = True  # whatever the task says of its results
        self._shorten()
        self._keep()
        for body in self._bodies:
            signals.before_task_publish.send(**_published(body))
        submit_all(self.app, self._bodies)
        for body in self._bodies:
            signals.after_task_publish.send(**_published(body))


    def _shorten(self) -> None:
        """Ids of more results than a job's arguments may name stand in the arguments of jobs that do nothing, and are kept as long as what they name."""
        bodies, self._bodies = self._bodies, []
        for body in bodies:
            value = body["args"].get("from")
            if isinstance(value, list):
                if id(value) not in self._lists:
                    self._lists[id(value)] = self._shortened(value, body)
                body["args"]["from"] = self._lists[id(value)]
            self._bodies.append(body)

    def _shortened(self, value: Any, body: Mapping[str, Any]) -> Any:
        if not isinstance(value, list):
            return value
        parts = [self._shortened(part, body) for part in value]
        sizes = [len(encode(part)) + 1 for part in parts]
        if sum(sizes) <= MOST_LISTED:
            return parts
        lists: List[List[Any]] = []
        size = MOST_LISTED
        for part, length in zip(parts, sizes):
            if size + length > MOST_LISTED:
                lists.append([])
                size = 0
            lists[-1].append(part)
            size += length
        return {"lists": [self._list(one, body) for one in lists]}

    def _list(self, ids: List[Any], body: Mapping[str, Any]) -> str:
        holds = self._builtin(args={"args": [], "kwargs": {}, "list": ids}, after=body.get("after"), onUnmet="cancel" if body.get("after") else None, retention=KEPT)
        self._bodies.append(holds)
        return str(holds["id"])

    def _keep(self) -> None:
        late: Dict[str, float] = {}
        for body in self._bodies:
            seconds = KEPT + _late(body)
            for id in _before(body):
                late[id] = max(late.get(id, 0), seconds)
        for body in self._bodies:
            if body["id"] in late:
                body["retention"] = min(calling.MAX_RETENTION, max(body.get("retention") or 0, late[body["id"]]))


class Part:
    """What a canvas adds to a task's job."""

    def __init__(self, plan: Plan, before: Optional[Before], immutable: bool, group: Optional[str]) -> None:
        self._plan, self._before, self._immutable, self._group = plan, before, immutable, group

    def write(self, body: Dict[str, Any]) -> None:
        call, before = body["args"], self._before
        tags = {}
        if self._group is not None:
            tags[GROUP] = call["group"] = self._group
        if before is not None:
            self._follow(body, call, before)
            if before.group is not None:
                tags[BODY] = before.group
        if tags:
            body["tags"] = tags
        self._plan.write(body)

    def _follow(self, body: Dict[str, Any], call: Dict[str, Any], before: Before) -> None:
        after: List[Any] = list(self._plan.after(before.jobs))
        if before.failed is not None:
            after.append({"job": before.failed, "on": "failure"})
            if before.told and not self._immutable:
                call["errback"] = before.failed
        elif not self._immutable:
            call["from"] = before.value
        parent = next(iter(before.jobs), before.failed) if isinstance(before.value, list) else before.value or before.failed
        call.update({name: said for name, said in (("parent", parent), ("root", before.root)) if said is not None})
        if not after:
            return
        body["after"] = after
        if before.unmet is not None:
            body["onUnmet"] = before.unmet
        # Both count from when the task would have been sent, which is when what it follows has ended.
        if "countdown" in body:
            call["countdown"] = body.pop("countdown")
        if isinstance(body.get("expires"), (int, float)):
            call["expires"] = body.pop("expires")


def ids_of(value: Any) -> List[str]:
    """The jobs whose results a value is made of."""
    if isinstance(value, list):
        return [id for part in value for id in ids_of(part)]
    return [] if value is None else [value]


def _before(body: Mapping[str, Any]) -> Set[str]:
    """What a job waits for, or asks about."""
    call = body["args"]
    named = [one if isinstance(one, str) else one["job"] for one in body.get("after", ())]
    return {id for id in (*named, call.get("errback"), call.get("parent") if "countdown" in call or "expires" in call else None) if id is not None}


def _late(body: Mapping[str, Any]) -> float:
    """How long after what it follows it is to begin, by its own wish."""
    if "eta" in body:
        return max(0.0, (calling.moment_of(body["eta"]) - datetime.now(timezone.utc)).total_seconds())
    return float(body["args"].get("countdown") or 0)


def _list(value: Any) -> List[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _published(body: Mapping[str, Any]) -> Dict[str, Any]:
    call = body["args"]
    return {
        "sender": body["type"], "body": (call["args"], call["kwargs"], {}), "headers": call.get("headers") or {}, "routing_key": body["queue"]}
