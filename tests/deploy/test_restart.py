"""Behind nginx one process after the other is replaced, and neither a page nor a request notices."""

import asyncio
import random
import secrets
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deploy.parts import Nginx, free_port
from tests.faults.travellers import Traveller, were_told
from tests.faults.typists import settled, words_in

from .asking import ask
from .conftest import Site

TABS = 3  # of each person


async def test_one_process_after_the_other_is_replaced_while_people_type_and_ask(site: Site) -> None:
    document, rng = site.document(), random.Random(5)
    everybody = [
        Traveller(who + "abc"[tab], site.cluster.ws_url, site.people[who]["session"], document)
        for who in ("ada", "bob")
        for tab in range(TABS)
    ]
    await asyncio.gather(*(each.arrive(rng) for each in everybody))
    await asyncio.gather(*(each.when(lambda each: len(each.presence) == len(everybody) - 1) for each in everybody))
    typing = [asyncio.create_task(each.keep_writing(rng, pause_s=0.3)) for each in everybody]
    asking = Asking(site, document)
    tasks = [asyncio.create_task(each) for each in (asking.read(), asking.write())]
    for server in site.cluster.servers:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
    for task in (*typing, *tasks):
        task.cancel()
    await asyncio.gather(*typing, *tasks, return_exceptions=True)
    await settled(everybody)

    assert set(asking.answers) == {200}, "somebody was told that the site is away"
    assert len(asking.answers) > 10
    assert [each.vanished for each in everybody] == [[]] * len(everybody)
    for each in everybody:
        assert words_in(str(everybody[0]))[each.name] == list(range(1, each.words + 1))
    outages = [outage for each in everybody for outage in each.outages]
    print(f"\naway {sorted(round(outage.seconds, 2) for outage in outages)} s, {len(asking.answers)} requests")
    assert were_told(outages)
    await asyncio.gather(*(each.go() for each in everybody))


def test_a_process_that_is_back_is_asked_at_once(folder: Path) -> None:
    """It was missed a moment ago, and now the only other one is restarted."""
    ports = [free_port(), free_port()]
    nginx = Nginx(folder, port=free_port(), ports=ports, static=folder, media=folder)
    nginx.start()
    try:
        for there in [*ports, *ports]:
            with answering(there):
                paths = [f"/documents/{uuid.uuid4()}/" for _ in range(20)]  # some of them belong to the other one
                assert {ask(nginx.port, "GET", path).status for path in paths} == {200}
    finally:
        nginx.stop()


@contextmanager
def answering(port: int) -> Iterator[None]:
    """A server process that knows one answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_request(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Asking:
    """Somebody who asks for pages and changes a title, all the time. `answers`: the statuses."""

    def __init__(self, site: Site, document: str) -> None:
        self.site, self.document = site, document
        self.answers: list[int] = []

    async def read(self) -> None:
        while True:
            await self._ask("GET", f"/documents/{self.document}/")

    async def write(self) -> None:
        token = secrets.token_hex(16)
        headers = {"X_CSRFToken": token, "Content_Type": "application/json"}
        cookie = f"{self.site.cookie('ada')}; csrftoken={token}"
        while True:
            path = f"/api/documents/{self.document}/"
            await self._ask("PATCH", path, body=b'{"title": "Plans"}', Cookie=cookie, **headers)

    async def _ask(self, method: str, path: str, **how: Any) -> None:
        how.setdefault("Cookie", self.site.cookie("ada"))
        answer = await asyncio.to_thread(ask, self.site.cluster.nginx.port, method, path, **how)
        self.answers.append(answer.status)
