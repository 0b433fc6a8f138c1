"""The application, task and call that this thread is about, and what finds them: `current_app`, `current_task`, `@shared_task`."""
from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from .app import Celery
    from .context import Context
    from .task import Task


class Here(threading.local):
    """What a thread is about."""

    app: Optional[Celery] = None
    task: Optional[Task] = None
    request: Optional[Context] = None


here = Here()
_apps: List[Celery] = []
_shared: List[Tuple[Callable[..., Any], Dict[str, Any]]] = []
_default: Optional[Celery] = None


def joined(app: Celery) -> None:
    """An application is there, and has the tasks that are everybody's."""
    _apps.append(app)
    for function, options in _shared:
        app.task(**options)(function)


def make_current(app: Celery) -> None:
    global _default
    _default = here.app = app


class Proxy:
    """Stands for something that is looked up whenever it is used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        object.__setattr__(self, "_find", find)

    def _get_current_object(self) -> Any:
        return object.__getattribute__(self, "_find")()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get_current_object(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._get_current_object(), name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._get_current_object()(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self._get_current_object())

    def __bool__(self) -> bool:
        return self._get_current_object() is not None

    def __eq__(self, other: object) -> bool:
        other = other._get_current_object() if isinstance(other, Proxy) else other
        return self._get_current_object() == other  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return hash(self._get_current_object())


def _current() -> Celery:
    found = here.app or _default
    if found is not None:
        return found
    from .app import Celery
    return Celery("default")


current_app: Any = Proxy(_current)
current_task: Any = Proxy(lambda: here.task)


def task_by_name(name: str) -> Task:
    return current_app.tasks[name]  # type: ignore[no-any-return]


def shared_task(*args: Any, **options: Any) -> Any:
    """A task of whichever application the program has: of those there are, and of those to come."""

    def make(function: Callable[..., Any]) -> Any:
        _shared.append((function, dict(options)))
        for app in _apps:
            app.task(**options)(function)
        name = options.get("name")
        return Proxy(lambda: _shared_task(function, name))

    return make(args[0]) if args and callable(args[0]) else make


def _shared_task(function: Callable[..., Any], name: Optional[str]) -> Task:
    app = current_app._get_current_object()
    return app.tasks[name or app.gen_task_name(function.__name__, function.__module__)]  # type: ignore[no-any-return]
