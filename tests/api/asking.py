"""Asking the API as a page does, and what a problem looks like."""

import json
from typing import Any

from django.test import Client


def send(browser: Client, method: str, url: str, body: Any = None) -> Any:
    """`body` as JSON; a string or bytes as they are."""
    data = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
    return browser.generic(method, url, data, content_type="application/json")


def assert_problem(response: Any, status: int, detail: str, field: str | None = None) -> None:
    assert response["Content-Type"] == "application/problem+json"
    found = response.json()
    assert (response.status_code, found["status"], found["detail"], found.get("field")) == (
        status,
        status,
        detail,
        field,
    )
