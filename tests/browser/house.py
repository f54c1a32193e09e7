"""A running application with people in it, and what an owner, an operator or the disk says about its documents."""

import json
import secrets
import sqlite3
import urllib.request
from typing import Any
from uuid import UUID

from pycrdt import merge_updates

from documents.content import plain_text, tree
from tests import seed
from tests.clients import Scribe
from tests.servers import AppServer

PEOPLE = ("ada", "bob", "carol")


class House:
    """A server on an SQLite file, and sessions of ada, bob and carol on it."""

    def __init__(self, app: AppServer, *, database_url: str) -> None:
        self.app = app
        self.database_url = database_url
        self.people: dict[str, dict[str, Any]] = seed.run(
            f"result = {{name: person(name) for name in {PEOPLE!r}}}", database_url=database_url
        )

    @property
    def url(self) -> str:
        return self.app.url

    def session(self, name: str) -> str:
        key: str = self.people[name]["session"]
        return key

    def fresh_session(self, name: str) -> str:
        """One that may be ended: the others are shared by all tests."""
        made: dict[str, Any] = seed.run(f"result = person({name!r})", database_url=self.database_url)
        key: str = made["session"]
        return key

    def document(self, *, owner: str = "ada", title: str = "", **roles: str) -> str:
        """A new document of `owner`, shared: `document(bob="editor")`. Answers its id."""
        where, _ = self._ask(owner, "POST", "/documents/")
        document = where.rstrip("/").rpartition("/")[2]
        if title:
            self._ask(owner, "PATCH", f"/api/documents/{document}/", {"title": title})
        for name, role in roles.items():
            self.share(document, name, role, by=owner)
        return document

    def copy(self, document: str, *, by: str, title: str) -> str:
        """A copy of it that belongs to `by` and has this title. Answers its id."""
        _, answer = self._ask(by, "POST", f"/api/documents/{document}/copies/")
        made: str = json.loads(answer)["id"]
        self._ask(by, "PATCH", f"/api/documents/{made}/", {"title": title})
        return made

    def share(self, document: str, name: str, role: str, *, by: str = "ada") -> None:
        """Give somebody this role, a lower one than before too: adding alone lowers nobody's."""
        added = self.api(by, "POST", f"documents/{document}/shares/", {"people": [name], "role": role})["added"]
        if added[0]["outcome"] == "unchanged":
            self.api(by, "PATCH", f"documents/{document}/shares/{added[0]['holder']}/", {"role": role})

    def remove(self, document: str, name: str, *, by: str = "ada") -> None:
        self._ask(by, "DELETE", f"/api/documents/{document}/shares/user-{self.people[name]['id']}/")

    def delete(self, document: str, *, by: str = "ada") -> None:
        self._ask(by, "DELETE", f"/api/documents/{document}/")

    def api(self, name: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the API answers to somebody: `house.api("ada", "PUT", f"documents/{document}/link/", {…})`."""
        _, answer = self._ask(name, method, f"/api/{path}", body)
        return json.loads(answer) if answer else None

    def link(self, document: str, role: str | None, *, by: str = "ada", **setting: Any) -> None:
        self.api(by, "PUT", f"documents/{document}/link/", {"role": role, **setting})

    def newcomer(self, name: str) -> str:
        """Somebody of whom nobody has heard, under a name like this one: two tests do not meet in an inbox."""
        made = f"{name}{secrets.token_hex(3)}"
        make = f"result = {{{made!r}: person({made!r})}}"
        called = f"User.objects.filter(username={made!r}).update(name={name.title()!r})"
        self.people |= seed.run(f"{make}\n{called}", database_url=self.database_url)
        return made

    def scribe(self, name: str, document: str) -> Scribe:
        """A client in Python, not connected yet."""
        return Scribe(self.app.ws_url, self.session(name), document)

    def stored(self, document: str) -> list[bytes]:
        """All that the disk holds of it, the state first."""
        return self._payloads(document)

    def stored_text(self, document: str) -> str:
        """What is on the disk, a line per block."""
        return plain_text(merge_updates(*self._payloads(document)))

    def stored_tree(self, document: str) -> dict[str, Any]:
        """What is on the disk, as ProseMirror JSON."""
        return tree(merge_updates(*self._payloads(document)))

    def has_stored(self, document: str, text: str) -> bool:
        """Whether these words were ever written to the disk, deleted or not. Look for one word: edits are split."""
        return any(text.encode() in payload for payload in self._payloads(document))

    def _payloads(self, document: str) -> list[bytes]:
        file = self.database_url.removeprefix("sqlite:///")
        found: list[bytes] = []
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            for table in ("documents_documentstate", "documents_documentupdate"):
                rows = connection.execute(
                    f"SELECT payload FROM {table} WHERE document_id = ? ORDER BY seq", (UUID(document).hex,)
                )
                found += [bytes(payload) for (payload,) in rows]
        finally:
            connection.close()
        return found

    def _ask(self, name: str, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[str, bytes]:
        """The address of the answer, redirects followed, and what is in it."""
        token = secrets.token_hex(16)
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Cookie", f"sessionid={self.session(name)}; csrftoken={token}")
        request.add_header("X-CSRFToken", token)
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.url, response.read()
