"""Celery's signals, as far as there is something to tell."""
from __future__ import annotations

import logging
import weakref
from typing import Any, Callable, List, Tuple

log = logging.getLogger("orleansjobs.celery")


class Signal:
    def __init__(self, name: str) -> None:
        self.name = name
        self._receivers: List[Tuple[Any, Callable[[], Any]]] = []

    @property
    def receivers(self) -> List[Any]:
        return [receiver() for _, receiver in self._receivers if receiver() is not None]

    def connect(self, *args: Any, sender: Any = None, weak: bool = False, dispatch_uid: Any = None, **_: Any) -> Any:
        """`@signal.connect`, `@signal.connect(sender=...)` or `signal.connect(function)`."""

        def add(receiver: Any) -> Any:
            if dispatch_uid is None or all(uid != dispatch_uid for uid, _ in self._named()):
                held = _reference(receiver) if weak else (lambda: receiver)
                setattr(held, "uid", dispatch_uid) if not weak else None
                self._receivers.append((sender, held))
            return receiver

        return add(args[0]) if args and callable(args[0]) else add

    def disconnect(self, receiver: Any = None, sender: Any = None, **_: Any) -> bool:
        before = len(self._receivers)
        self._receivers = [(wanted, held) for wanted, held in self._receivers if held() is not receiver]
        return len(self._receivers) < before

    def send(self, sender: Any, **named: Any) -> List[Tuple[Any, Any]]:
        """A receiver that fails is logged, and stops nobody."""
        answers: List[Tuple[Any, Any]] = []
        for wanted, held in list(self._receivers):
            receiver = held()
            if receiver is None or not _fits(wanted, sender):
                continue
            try:
                answers.append((receiver, receiver(signal=self, sender=sender, **named)))
            except Exception as error:
                log.exception("Signal handler %r raised: %r", receiver, error)
                answers.append((receiver, error))
        return answers

    def _named(self) -> List[Tuple[Any, Any]]:
        return [(getattr(held, "uid", None), held) for _, held in self._receivers]


def _reference(receiver: Any) -> Callable[[], Any]:
    return weakref.WeakMethod(receiver) if hasattr(receiver, "__self__") else weakref.ref(receiver)


def _fits(wanted: Any, sender: Any) -> bool:
    return wanted is None or wanted is sender or wanted == sender or (isinstance(wanted, str) and wanted == getattr(sender, "name", None))


before_task_publish = Signal("before_task_publish")
after_task_publish = Signal("after_task_publish")
task_prerun = Signal("task_prerun")
task_postrun = Signal("task_postrun")
task_success = Signal("task_success")
task_failure = Signal("task_failure")
task_retry = Signal("task_retry")
worker_init = Signal("worker_init")
worker_ready = Signal("worker_ready")
worker_shutdown = Signal("worker_shutdown")
worker_process_init = Signal("worker_process_init")

_MISSING = {
    "task_received", "task_revoked", "task_rejected", "task_unknown", "task_internal_error", "celeryd_init", "celeryd_after_setup", "worker_shutting_down",
    "worker_process_shutdown", "beat_init", "beat_embedded_init", "eventlet_pool_started", "heartbeat_sent", "setup_logging", "after_setup_logger",
    "after_setup_task_logger", "user_preload_options", "import_modules",
}


def __getattr__(name: str) -> Any:
    if name in _MISSING:
        from .exceptions import missing
        raise missing(f"the signal {name}")
    raise AttributeError(name)
