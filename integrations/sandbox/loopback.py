"""Requests to a sandbox on this machine: standard library alone, and past any proxy that the environment names."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


def ask(url: str, method: str = "GET", body: Any = None, timeout: float = 30.0) -> Any:
    """Send JSON, if any, and return the answer's JSON.

    Args:
        url: the whole address.
        method: the HTTP method.
        body: what is sent; None for nothing.
        timeout: seconds until it is given up.

    Raises:
        OSError: no answer came; `urllib.error.HTTPError` where one came and was a refusal.
        ValueError: the answer is no JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"null")
