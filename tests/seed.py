"""Run a few lines against an application's database from outside its processes, as an operator's shell would.

`python -m tests.seed` reads Python code from standard input, runs it with Django set up, and prints the value of
`result` as JSON.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .servers import ROOT, app_env

PRELUDE = """
from datetime import timedelta
from functools import cache
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.utils import timezone
from documents.models import *
from permissions import links, sharing, tokens
from permissions.models import Scope, User
from permissions.roles import Role

hashed = cache(make_password)  # slow on purpose; the same hash does for all

def person(name):
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User.objects.create(
            username=name, email=f"{name}@example.org", name=name.title(), password=hashed("correct horse")
        )
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"id": user.pk, "session": session.session_key}

def token(name, scope="write", seconds=None):
    expires_at = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
    return tokens.make(person=user(name), name=f"{name}'s program", scope=Scope(scope), expires_at=expires_at)

def user(name):
    return User.objects.get(username=name)
"""


def run(code: str, *, database_url: str, redis_url: str = "", env: Mapping[str, str] | None = None) -> Any:
    """The value that `code` leaves in `result`. Raises `RuntimeError` with what it printed when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.seed"],
        cwd=ROOT,
        env=app_env(database_url=database_url, redis_url=redis_url, env=env),
        input=code,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def scene(
    *, owner: str, shared: dict[str, str], database_url: str, documents: int = 1, redis_url: str = ""
) -> dict[str, Any]:
    """People with sessions and documents of the owner shared with them: {"documents": [uuid], "people": {name: {id,
    session}}}.
    """
    made: dict[str, Any] = run(
        f"""
people = {{name: person(name) for name in {[owner, *shared]!r}}}
made = []
for n in range({documents}):
    document = Document.objects.create_for(owner=user({owner!r}), title=f"minutes {{n}}")
    for name, role in {shared!r}.items():
        sharing.grant(by=user({owner!r}), obj=document, to=user(name), role=Role.parse(role))
    made.append(str(document.pk))
result = {{"documents": made, "people": people}}
""",
        database_url=database_url,
        redis_url=redis_url,
    )
    return made


if __name__ == "__main__":
    import django

    django.setup()
    names: dict[str, Any] = {"result": None}
    exec(PRELUDE + sys.stdin.read(), names)
    sys.stdout.write(json.dumps(names["result"], default=str) + "\n")
