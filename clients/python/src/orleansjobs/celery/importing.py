"""Finds what settings name: modules to import, and things within them."""
from __future__ import annotations

import importlib
import os
from typing import Any, List


def listed(names: Any) -> List[str]:
    return [names] if isinstance(names, str) else list(names or ())


def attribute_of(path: str) -> Any:
    """`package.module`, `package.module:attribute` or `package.module.attribute`."""
    name, _, attribute = path.partition(":")
    if attribute:
        return getattr(importlib.import_module(name), attribute)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        name, _, attribute = path.rpartition(".")
        return getattr(importlib.import_module(name), attribute)


def installed_apps() -> List[str]:
    """Of Django, which is set up for it, as it is in a worker of Celery's."""
    importlib.import_module("django").setup()
    return [str(found.name) for found in importlib.import_module("django.apps").apps.get_app_configs()]


def is_of_django() -> bool:
    return bool(os.environ.get("DJANGO_SETTINGS_MODULE"))


def import_related(package: str, related: str) -> None:
    """`package.related`, where there is one."""
    name = f"{package}.{related}" if related else package
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name and error.name != package:
            raise
