"""What travels: arguments and results as Celery's JSON has them, and exceptions there and back."""
from __future__ import annotations

import ast
import json
import re
import sys
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Iterator, Optional, Tuple
from uuid import UUID

from ..worker.signals import name_of, text_of
from . import exceptions
from .exceptions import EncodeError

STATE = "celery.state"
"""Marks the result of a task that ended without saying how: `{"celery.state": {"state": ..., "meta": ...}}`."""


def plain(value: Any) -> Any:
    """The value as JSON has it. Raises what Celery raises."""
    try:
        text = json.dumps(value, default=_default, ensure_ascii=False)
        if not text.isascii():
            text.encode("utf-8")  # half of a surrogate pair is nothing that could be handed over
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise EncodeError(str(error)) from error


def _default(value: Any) -> Any:
    if hasattr(value, "__json__"):
        return value.__json__()
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        text = moment.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def exception_name(error: BaseException) -> str:
    return name_of(type(error))


def exception_text(error: BaseException) -> str:
    return text_of(error) if str(error) else ""


def exception_from(name: Optional[str], message: str) -> BaseException:
    """An exception that has the name and says the message; of the program's own class where that is there already. Nothing is imported for it."""
    kind = _class_of(name or "Exception")
    for args in _arguments(kind.__name__, message):
        try:
            found: BaseException = kind(*args)
            if str(found) == message:
                return found
        except Exception:  # it wants other arguments
            continue
    # A class whose text cannot be made from it: one of its name that says what was said.
    stand_in = type(kind.__name__, (kind,), {"__str__": lambda self: message, "__module__": kind.__module__, "__init__": Exception.__init__})
    try:
        return stand_in(message)  # type: ignore[no-any-return]
    except Exception:
        return Exception(f"{kind}({message})")


def _arguments(name: str, message: str) -> Iterator[Tuple[Any, ...]]:
    """What the exception may have been made with: its text, or what its text is the text of (`KeyError`, more than one argument)."""
    if not message:
        yield ()
    errno = re.fullmatch(r"\[Errno (\d+)\] (.*)", message, re.DOTALL)
    if errno is not None:
        yield int(errno[1]), errno[2]
    value = _literal(message)
    if isinstance(value, tuple) and len(value) > 1:
        yield value
    yield (message,)
    if value is not None:
        yield (value,)
    of_name = _literal(message[len(name):]) if message.startswith(name + "(") else None
    if isinstance(of_name, tuple):
        yield of_name


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _class_of(name: str) -> Any:
    module, _, last = name.rpartition(".")
    parts = name.split(".")
    places = [(".".join(parts[:cut]), parts[cut:]) for cut in range(len(parts) - 1, 0, -1)] + [("builtins", parts), ("__main__", parts)]
    for place, path in places:
        found: Any = sys.modules.get(place)
        for part in path:
            found = getattr(found, part, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    known = getattr(exceptions, last, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return known
    return type(last, (Exception,), {"__module__": module or __name__})
