"""A canvas as jobs: ids are given out here, so that each result can be asked for before its task has run, and all of it is submitted together."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple
from uuid import uuid4

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


class Plan:
    """Collects jobs in an order in which none comes before one that it follows."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self._bodies: List[Dict[str, Any]] = []
        self._joins: Dict[Tuple[str, ...], Tuple[str, ...]] = {}

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
        body = {
            "type": builtin(self.app, "join"), "args": {"args": [], "kwargs": {}}, "id": str(uuid4()), "queue": self.app.conf.task_default_queue,
            "attempts": calling.ATTEMPTS, "after": list(jobs), "priority": self.app.conf.task_default_priority,
        }
        self.write({key: value for key, value in body.items() if value is not None})
        return str(body["id"])

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
        for body in self._bodies:
            signals.before_task_publish.send(**_published(body))
        submit_all(self.app, self._bodies)
        for body in self._bodies:
            signals.after_task_publish.send(**_published(body))


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


def _list(value: Any) -> List[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _published(body: Mapping[str, Any]) -> Dict[str, Any]:
    call = body["args"]
    return {
        "sender": body["type"], "body": (call["args"], call["kwargs"], {}), "headers": call.get("headers") or {}, "routing_key": body["queue"]}
