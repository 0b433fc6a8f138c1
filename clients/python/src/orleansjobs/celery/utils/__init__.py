"""Celery has its task logger in `celery.utils.log`; programs import it from there."""
from uuid import uuid4


def uuid() -> str:
    return str(uuid4())
