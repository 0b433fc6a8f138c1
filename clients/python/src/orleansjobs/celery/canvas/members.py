"""A group's members by one list of the grid's, however many they are."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, FrozenSet

from ...exchange import Request
from ...job import FAILURE, REVOKED, SUCCESS
from ...writing import encode
from .plan import GROUP

if TYPE_CHECKING:
    from ..app import Celery


@dataclass(frozen=True)
class Counts:
    """`failed` counts what ended with an error, `revoked` what was revoked or has expired."""

    members: int
    succeeded: int
    failures: int
    revoked: int

    def ready(self) -> bool:
        return self.succeeded + self.failures + self.revoked >= self.members

    def successful(self) -> bool:
        return self.succeeded >= self.members

    def failed(self) -> bool:
        return self.failures > 0


def counts(app: Celery, group: str, members: int) -> Counts:
    succeeded = failures = revoked = 0
    for job in app.client.list(tags={GROUP: group}, page_size=200):
        succeeded += job.state == SUCCESS
        expired = job.error is not None and job.error.code == "expired"
        failures += job.state == FAILURE and not expired
        revoked += job.state == REVOKED or expired
    return Counts(members, succeeded, failures, revoked)


def failed(app: Celery, group: str) -> FrozenSet[str]:
    """Those that did not succeed."""
    return frozenset(job.id for state in (FAILURE, REVOKED) for job in app.client.list(tags={GROUP: group}, state=state))


def revoke(app: Celery, group: str, terminate: bool) -> None:
    """As for each of them: those that run go on, unless `terminate`."""
    what = {"action": "cancel", "filter": {f"tag.{GROUP}": group, **({} if terminate else {"state": "PENDING"})}}
    headers = {"content-type": "application/json"}
    act = app.client.ask(Request("POST", "/jobs:act", encode(what), headers)).json()
    app.client.wait(act["id"])
