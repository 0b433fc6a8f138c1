"""Topics: events that are jobs of whoever has bound a type to their keys. docs/TOPICS.md says what they mean."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode
from uuid import uuid4

from .errors import BindingNotFound
from .exchange import Operation, Request
from .operations import Settings
from .writing import encode

_JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Binding:
    """That each event whose key fits `pattern` is a job of `type`."""

    id: str
    pattern: str
    type: str
    queue: str
    args: Optional[Mapping[str, Any]]

    @staticmethod
    def of(raw: Mapping[str, Any]) -> "Binding":
        return Binding(raw["id"], raw["pattern"], raw["type"], raw["queue"], raw.get("args"))


@dataclass(frozen=True)
class Published:
    """What was made of an event: `jobs` has the id of a job for each binding that fits. `replayed`: it had been published before, and nothing is new."""

    event: str
    key: str
    jobs: Mapping[str, str]
    replayed: bool


def publish(settings: Settings, key: str, data: Any, event_id: Optional[str]) -> Operation[Published]:
    # An id is made here, so that each repeat is the same event.
    headers = {**_JSON, "event-id": event_id or str(uuid4())}
    answer = yield from settings.exchange().expect(Request("POST", f"/topics/{quote(key, safe='')}", encode(data), headers, settings.timeout))
    raw = answer.json()
    return Published(raw["event"], raw["key"], {job["binding"]: job["id"] for job in raw["jobs"]}, answer.headers.get("idempotent-replayed") == "true")


def put(settings: Settings, binding: str, pattern: str, type: str, args: Optional[Mapping[str, Any]], queue: Optional[str]) -> Operation[Binding]:
    body: Dict[str, Any] = {"pattern": pattern, "type": type}
    if queue is not None:
        body["queue"] = queue
    if args is not None:
        body["args"] = dict(args)
    answer = yield from settings.exchange().expect(Request("PUT", _path(binding), encode(body), _JSON, settings.timeout))
    return Binding.of(answer.json())


def get(settings: Settings, binding: str) -> Operation[Binding]:
    answer = yield from settings.exchange().expect(Request("GET", _path(binding), timeout=settings.timeout))
    return Binding.of(answer.json())


def page(settings: Settings, cursor: Optional[str]) -> Operation[Tuple[Tuple[Binding, ...], Optional[str]]]:
    query = urlencode({"limit": 200, **({"cursor": cursor} if cursor else {})})
    found = (yield from settings.exchange().expect(Request("GET", f"/bindings?{query}", timeout=settings.timeout))).json()
    return tuple(Binding.of(one) for one in found["bindings"]), found.get("cursor")


def delete(settings: Settings, binding: str) -> Operation[None]:
    exchange = settings.exchange()
    try:
        yield from exchange.expect(Request("DELETE", _path(binding), timeout=settings.timeout))
    except BindingNotFound:
        if not exchange.repeated:
            raise


def _path(binding: str) -> str:
    return f"/bindings/{quote(binding, safe='')}"
