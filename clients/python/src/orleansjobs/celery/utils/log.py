"""`get_task_logger`, as programs import it."""
from __future__ import annotations

import logging


def get_task_logger(name: str) -> logging.Logger:
    logger = logging.getLogger(name)
    if logger.parent is logging.root and name != "celery.task":
        logger.parent = logging.getLogger("celery.task")
    return logger


def get_logger(name: str) -> logging.Logger:
    return logging.getLogger(name)
