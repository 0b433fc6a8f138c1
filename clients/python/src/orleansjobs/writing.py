"""JSON as this package writes it: in UTF-8, since the grid counts and stores what it is handed, and six bytes for a letter of two are four for nothing."""
from __future__ import annotations

import json
from typing import Any


def written(value: Any) -> str:
    """What is no JSON raises TypeError or ValueError: NaN, and half of a surrogate pair, which no UTF-8 has."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    if not text.isascii():
        text.encode("utf-8")
    return text


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
