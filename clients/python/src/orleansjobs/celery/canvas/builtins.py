"""Tasks that every application has, since its canvases are made of them. They are named by the application, so that none runs what only another knows."""
from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from ...worker.definitions import NAME
from .signature import maybe_signature

if TYPE_CHECKING:
    from ..app import Celery


def _map(app: Celery, task: Any, it: Any) -> List[Any]:
    called = maybe_signature(task, app).type
    return [called(one) for one in it]


def _starmap(app: Celery, task: Any, it: Any) -> List[Any]:
    called = maybe_signature(task, app).type
    return [called(*one) for one in it]


def _join(app: Celery) -> None:
    """Waits for what it follows."""


KINDS: Dict[str, Callable[..., Any]] = {"map": _map, "starmap": _starmap, "join": _join}


def builtin(app: Celery, kind: str) -> str:
    """The name of a built-in task of the application."""
    name = f"celery.{kind}.{app.main}" if app.main else f"celery.{kind}"
    return name if NAME.fullmatch(name) else f"celery.{kind}.{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def is_join(type: str) -> bool:
    return type == "celery.join" or type.startswith("celery.join.")


def register(app: Celery) -> None:
    from ..task import Task
    for kind, function in KINDS.items():
        app.task(name=builtin(app, kind), base=Task, typing=False, ignore_result=kind == "join")(_bound(app, kind, function))


def _bound(app: Celery, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(app, *args, **kwargs)
    run.__name__, run.__doc__ = kind, f"`{kind}` of a canvas."
    return run
