"""Finds a worker by its name, such as `shop.jobs:worker`."""
from __future__ import annotations

import importlib
import os
import sys
from typing import Any


def load(spec: str, default: str) -> Any:
    """`module` or `module:attribute`, as seen from the current folder."""
    name, _, attribute = spec.partition(":")
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    module = sys.modules["__main__"] if name == "__main__" else importlib.import_module(name)
    found: Any = module
    for part in (attribute or default).split("."):
        found = getattr(found, part)
    return found


def spec_of(thing: Any) -> str:
    """How a child process finds what this process has: by the module that it is in."""
    for name, module in list(sys.modules.items()):
        if name == "__mp_main__":
            continue
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is thing:
                return f"{name}:{attribute}"
    raise ValueError("child processes must find the worker by name: keep it in a variable of a module")
