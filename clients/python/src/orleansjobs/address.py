"""Where the gateway is, and what every request to it carries."""
from __future__ import annotations

import os
import ssl
from typing import Dict, Mapping, Optional
from urllib.parse import urlsplit

VERSION = "0.1.0"
DEFAULT = "http://localhost:8080"


class Address:
    """A gateway's URL, with the path that it may be mounted under."""

    def __init__(self, url: Optional[str], key: Optional[str], context: Optional[ssl.SSLContext]) -> None:
        url = url or os.environ.get("ORLEANSJOBS_URL") or DEFAULT
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the grid's address is an http or https URL, such as {DEFAULT}; it is {url!r}")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("the grid's address has no user, query or fragment; give the API key as key= or ORLEANSJOBS_KEY")
        self.url = url.rstrip("/")
        self.host = parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.mount = parts.path.rstrip("/")
        self.context = (context or ssl.create_default_context()) if parts.scheme == "https" else None
        self.authority = parts.netloc
        key = key if key is not None else os.environ.get("ORLEANSJOBS_KEY")
        if key and not (key.isascii() and key.isprintable()):
            raise ValueError("an API key is printable ASCII")
        self._key = key or None

    def headers(self, more: Mapping[str, str]) -> Dict[str, str]:
        headers = {"host": self.authority, "accept": "application/json", "user-agent": f"orleansjobs-python/{VERSION}"}
        if self._key:
            headers["authorization"] = "Bearer " + self._key
        headers.update(more)
        return headers
