"""Options of a call that are not here, each with what to do instead."""
from __future__ import annotations

from typing import Any, Mapping

from .exceptions import not_here

REFUSED_OPTIONS = {"chord": "write chord(header)(body)", "chain": "write chain(...) or |", "group_id": "write group(...)"}
UNKNOWN_OPTIONS = ("exchange", "routing_key", "compression", "shadow", "reply_to", "replaced_task_nesting")


def refuse(options: Mapping[str, Any]) -> None:
    for name, instead in REFUSED_OPTIONS.items():
        if options.get(name):
            raise not_here(f"the option {name}", instead)
    for name in UNKNOWN_OPTIONS:
        if options.get(name):
            raise not_here(f"the option {name}", "name a queue" if name in ("exchange", "routing_key") else "")


def refuse_all(options: Mapping[str, Any]) -> None:
    """Of a retry: the job stays the one that it is, in its queue."""
    refuse(options)
    for name, value in options.items():
        if value is not None:
            raise not_here(f"retry({name}=...)", "a retry is the same job again: args, kwargs, countdown, eta and max_retries")
