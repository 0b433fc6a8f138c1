"""Settings: Celery's names, those with a meaning here and those without."""
from __future__ import annotations

import os
from types import ModuleType
from typing import Any, Dict, Iterator, Mapping, MutableMapping, Optional, Tuple
from urllib.parse import urlsplit

from .exceptions import ImproperlyConfigured, not_here

DEFAULTS: Dict[str, Any] = {
    "broker_url": None, "result_backend": None, "timezone": None, "enable_utc": True, "task_always_eager": False, "task_eager_propagates": False,
    "task_default_queue": "celery", "task_default_priority": None, "task_routes": None, "task_track_started": False, "task_ignore_result": False,
    "task_time_limit": None, "task_soft_time_limit": None, "task_default_rate_limit": None, "task_acks_late": False,
    "task_reject_on_worker_lost": None, "result_expires": None, "worker_concurrency": None, "worker_max_tasks_per_child": None, "worker_pool": "prefork",
    "imports": (), "include": (), "task_serializer": "json", "result_serializer": "json", "beat_schedule": {}, "worker_prefetch_multiplier": 4,
    "task_annotations": None, "task_queues": None, "orleansjobs_key": None,
}
_OLD = {
    "celery_result_backend": "result_backend", "celery_timezone": "timezone", "celery_enable_utc": "enable_utc", "celery_always_eager": "task_always_eager",
    "celery_task_serializer": "task_serializer", "celery_result_serializer": "result_serializer", "celery_ignore_result": "task_ignore_result",
    "celery_track_started": "task_track_started", "celery_default_queue": "task_default_queue", "celery_routes": "task_routes",
    "celery_imports": "imports", "celery_include": "include", "celeryd_concurrency": "worker_concurrency", "celerybeat_schedule": "beat_schedule",
    "celery_task_result_expires": "result_expires", "celeryd_task_time_limit": "task_time_limit", "celeryd_task_soft_time_limit": "task_soft_time_limit",
}


_NOT_HERE = {
    "worker_max_memory_per_child": "set worker_max_tasks_per_child, or limit the memory of the worker as a whole", "task_remote_tracebacks": "",
    "task_inherit_parent_priority": "give the priority with the call", "worker_direct": "name a queue", "task_compression": "", "result_compression": "",
    "security_certificate": "the grid has API keys and TLS",
}
"""Settings that would change what a program does, and are not here."""


class Settings(MutableMapping[str, Any]):
    """Read and written as attributes or items; old names in capitals are understood."""

    def __init__(self) -> None:
        object.__setattr__(self, "_values", dict(DEFAULTS))

    def update(self, *maps: Any, **more: Any) -> None:  # as a dictionary's, checked
        for source in (*maps, more):
            for name, value in dict(source).items():
                self[name] = value

    def __getitem__(self, name: str) -> Any:
        return self._values[_modern(name)]

    def __setitem__(self, name: str, value: Any) -> None:
        name = _modern(name)
        _check(name, value)
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[_modern(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def take(self, source: Any, namespace: Optional[str] = None) -> None:
        """From a module, an object or a mapping; with a namespace only what begins with it."""
        pairs: Mapping[str, Any] = source if isinstance(source, Mapping) else {name: getattr(source, name) for name in dir(source) if not name.startswith("_")}
        prefix = namespace.lower() + "_" if namespace else ""
        for name, value in pairs.items():
            key = str(name).lower()
            if isinstance(value, ModuleType) or callable(value) and not prefix:
                continue
            if prefix:
                if key.startswith(prefix):
                    self[key[len(prefix):]] = value
            elif key in self._values or key in _OLD or str(name).isupper() is False:
                self[key] = value


def _modern(name: str) -> str:
    name = name.lower()
    return _OLD.get(name, name)


def _check(name: str, value: Any) -> None:
    if name == "beat_schedule" and value is not None and not isinstance(value, Mapping):
        raise ImproperlyConfigured(f"beat_schedule is a dictionary of periodic tasks by their names; it cannot be {value!r}")
    if name in ("task_serializer", "result_serializer") and value != "json":
        raise ImproperlyConfigured(f"{name} is json here, since jobs can be read by every language; it cannot be {value!r}")
    if name in _NOT_HERE and value:
        raise not_here(f"the setting {name}", _NOT_HERE[name])
    if name == "task_acks_on_failure_or_timeout" and value is False:
        raise not_here("task_acks_on_failure_or_timeout=False", "a task that is to run again asks for it: retry, or autoretry_for")
    if name in ("broker_url", "result_backend") and value:
        check_url(name, value)


def check_url(name: str, value: Any) -> None:
    """An http URL is the grid; another one is refused, unless the environment says where the grid is."""
    if os.environ.get("ORLEANSJOBS_URL"):
        return
    if not isinstance(value, str) or urlsplit(value).scheme not in ("http", "https"):
        kind = urlsplit(value).scheme if isinstance(value, str) else type(value).__name__
        raise ImproperlyConfigured(
            f"{name} is a {kind} URL, and there is no {kind} here: write the grid's address instead, such as {name}='http://localhost:8080', "
            "or set ORLEANSJOBS_URL, which wins")


def by_name(given: Any, other: str, instead: str) -> Iterator[Tuple[str, Any]]:
    """What a setting says by names, in one dictionary or in several; `other` is what Celery takes there too."""
    for one in given if isinstance(given, (list, tuple)) else [given]:
        if one is None:
            continue
        if not isinstance(one, Mapping):
            raise not_here(other, instead)
        yield from one.items()
