"""The face of Celery: `from celery import Celery` becomes `from orleansjobs.celery import Celery`, and `celery -A app worker` becomes
`python -m orleansjobs.celery -A app worker`. What is not here says so by name."""
from .app import Celery
from .canvas import Signature, chain, chord, chunks, group, maybe_signature, signature, subtask, xmap, xstarmap
from .current import Proxy, current_app, current_task, shared_task
from .task import Task

__all__ = [
    "Celery", "Proxy", "Signature", "Task", "chain", "chord", "chunks", "current_app", "current_task", "group", "maybe_signature", "shared_task", "signature",
    "subtask", "uuid", "xmap", "xstarmap",
]

from .utils import uuid
