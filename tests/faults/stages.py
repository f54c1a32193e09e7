"""Two servers over one database and one Redis, with people in them: the scene of most fault tests."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.conftest import StartApp
from tests.seed import scene
from tests.servers import AppServer

from .deputy import Deputy
from .typists import Typist


@dataclass
class Stage:
    """Documents of ada's, servers, a deputy, and everybody's session."""

    documents: list[str]
    people: dict[str, Any]
    apps: list[AppServer]
    deputy: Deputy
    database_url: str

    @property
    def document(self) -> str:
        return self.documents[0]

    def typist(self, person: str, app: int, *, document: int = 0) -> Typist:
        """This person at this server. Their words are called after both."""
        session = self.people[person]["session"]
        return Typist(person + "abcd"[app], self.apps[app].ws_url, session, self.documents[document])

    async def ask(self, person: str, method: str, path: str, body: Any = None, *, app: int = 0) -> int:
        """What the person's browser would send to the document's JSON views; returns the status."""
        return await asyncio.to_thread(self._ask, person, method, path, body, app)

    def _ask(self, person: str, method: str, path: str, body: Any, app: int) -> int:
        token = "a" * 32
        request = urllib.request.Request(
            f"{self.apps[app].url}/api/documents/{self.document}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Cookie": f"sessionid={self.people[person]['session']}; csrftoken={token}",
                "X-CSRFToken": token,
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code


@asynccontextmanager
async def staged(
    start_app: StartApp,
    database_url: str,
    redis_url: str,
    *,
    shared: dict[str, str],
    documents: int = 1,
    kinds: Sequence[str] = ("daphne", "uvicorn"),
    settings: str = "project.settings",
    **env: object,
) -> AsyncIterator[Stage]:
    """Ada's documents, shared with these people, in servers of these kinds. `env` is added to their environment."""
    made = scene(owner="ada", shared=shared, database_url=database_url, documents=documents)
    named = {
        "LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": settings,
        **{name: str(value) for name, value in env.items()},
    }
    apps = [start_app(kind, database_url=database_url, redis_url=redis_url, env=named) for kind in kinds]
    with Deputy(database_url=database_url, redis_url=redis_url, env={"DJANGO_SETTINGS_MODULE": settings}) as deputy:
        await deputy(f"pks = {made['documents']!r}; pk = pks[0]; ada = user('ada')")
        try:
            yield Stage(made["documents"], made["people"], apps, deputy, database_url)
        except BaseException:
            for app in apps:
                print(f"--- {app.name}\n{app.log.read_text(errors='replace')[-4000:]}")
            raise
