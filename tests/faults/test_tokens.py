"""Programs with access tokens against two processes, Redis and PostgreSQL: what they may do, and how it ends."""

import asyncio
import subprocess
import sys
import time
from typing import Any, Self

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from collab.core import messages
from tests.clients import Scribe
from tests.conftest import StartApp
from tests.servers import ROOT, Redis

from .ledger import read_log
from .stages import Stage, staged

NEVER_MS = 3_600_000
SWEEP_MS = 500
HOP_S = 10.0


class Program(Scribe):
    """A `Scribe` with a token in place of a session: in a header, or beside the subprotocol as a page has to."""

    def __init__(self, stage: Stage, token: str, app: int, *, beside: bool = False) -> None:
        super().__init__(stage.apps[app].ws_url, "", stage.document)
        self.token, self.beside = token, beside

    async def open(self, **options: Any) -> Self:
        if self.beside:
            return await super().open(subprotocols=[f"coscribe.token.{self.token}"], **options)
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("additional_headers", {})}
        return await super().open(additional_headers=headers, **options)


def code_of(scribe: Scribe) -> int | None:
    """The close code; daphne passes on no reason."""
    return scribe.closed[0] if scribe.closed else None


async def test_a_revoked_token_is_closed_within_a_second_in_every_process(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        kept = await stage.deputy("result = token('bob')")
        other = await Program(stage, kept, 0).join()
        bob = await stage.typist("bob", 1).join()
        waited_s: list[float] = []
        while min(waited_s, default=1) >= 1 and len(waited_s) < 5:  # the machine may be busy now and then
            revoked = await stage.deputy("result = token('bob')")
            programs = [await Program(stage, revoked, app, beside=bool(app)).join() for app in (0, 1)]
            for each in programs:
                assert each.role == "editor"
                await each.type("x")
                await each.saved()
            await stage.deputy("tokens.revoke(user('bob').tokens.order_by('-pk')[:1])")
            began = time.monotonic()
            for each in programs:
                await each.until(lambda each=each: each.closed, patience_s=HOP_S)  # type: ignore[misc]
                assert code_of(each) == 4401
            waited_s.append(time.monotonic() - began)
            again = await Program(stage, revoked, 0).join()
            assert code_of(again) == 4401
            await asyncio.gather(*(each.close() for each in [*programs, again]))
            for app in stage.apps:
                assert revoked not in app.log.read_text()
        print("revoked: closed after", waited_s)
        assert min(waited_s) < 1
        for living in (other, bob):
            await living.type("y")
            await living.saved()
        for app in stage.apps:
            assert kept not in app.log.read_text()
        await asyncio.gather(other.close(), bob.close())


async def test_a_token_that_reads_only_reads_whatever_role_its_person_is_given(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "viewer", "cyd": "viewer"}, COLLAB_SWEEP_INTERVAL_MS=SWEEP_MS
    ) as stage:
        secret = await stage.deputy("result = token('bob', 'read')")
        readers = [await Program(stage, secret, app).join() for app in (0, 1)]
        bob = await stage.typist("bob", 0).join()
        await stage.deputy("sharing.revise(by=ada, obj=doc(pk), to=user('bob'), role=Role.OWNER)")
        await bob.until(lambda: bob.role == "owner", patience_s=HOP_S)
        await bob.write()
        await bob.saved()
        head = read_log(postgres_url, stage.document).head
        key = stage.people["cyd"]["session"]
        cyds = [await stage.typist("cyd", app).join() for app in (0, 1)]
        await stage.deputy(f"SessionStore({key!r}).delete()")  # which only the sweep finds: it has come by then
        for cyd in cyds:
            await cyd.until(lambda cyd=cyd: cyd.closed)  # type: ignore[misc]
        for reader in readers:
            assert (reader.role, reader.access, reader.closed) == ("viewer", [], None)
            reader._ready = True  # a program that does not wait to be asked
            await reader.type("never")
            await reader.until(lambda reader=reader: reader.refused)  # type: ignore[misc]
            assert reader.refused == [(1, "access")]
            await reader.until(lambda reader=reader: "<boba1>" in str(reader))  # type: ignore[misc]
        assert read_log(postgres_url, stage.document).head == head
        await asyncio.gather(*(each.close() for each in [*readers, *cyds, bob]))


async def test_a_token_ends_when_it_expires_though_nobody_acts(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        secret = await stage.deputy("result = token('bob', seconds=8)")
        until = time.monotonic() + 8
        programs = [await Program(stage, secret, app).join() for app in (0, 1)]
        assert [each.closed for each in programs] == [None, None]
        for each in programs:
            await each.until(lambda each=each: each.closed, patience_s=8 + HOP_S)  # type: ignore[misc]
            assert code_of(each) == 4401
        assert time.monotonic() - until < 3
        await asyncio.gather(*(each.close() for each in programs))


async def test_the_commit_refuses_a_token_that_was_revoked_unheard(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    """Only the token's edits: those that its person types go on."""
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, settings="tests.faults.settings.deaf",
        COLLAB_SWEEP_INTERVAL_MS=NEVER_MS,
    ) as stage:  # fmt: skip
        secret = await stage.deputy("result = token('bob')")
        program, bob = await Program(stage, secret, 0).join(), await stage.typist("bob", 0).join()
        await program.type("before ")
        await program.saved()
        await stage.deputy("tokens.revoke(user('bob').tokens.all())")
        await asyncio.gather(program.type("after"), bob.write())
        await bob.saved()
        await program.until(lambda: program.closed)
        assert program.refused == [(2, "access")]
        assert code_of(program) == 4401
        assert bob.closed is None
        assert "after" not in str(bob)
        await asyncio.gather(program.close(), bob.close())


async def test_the_home_page_s_socket_takes_tokens_and_ends_with_them(
    sqlite_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(start_app, sqlite_url, redis.url, shared={}, kinds=["uvicorn"]) as stage:
        url = f"{stage.apps[0].ws_url}/ws/home/"
        for made, end in (("'read'", "tokens.revoke(ada.tokens.all())"), ("seconds=8", "result = None")):
            secret = await stage.deputy(f"result = token('ada', {made})")
            protocols = [Subprotocol(messages.SUBPROTOCOL), Subprotocol(f"coscribe.token.{secret}")]
            async with connect(url, subprotocols=protocols, proxy=None) as socket:
                assert socket.subprotocol == messages.SUBPROTOCOL
                await socket.send(messages.encode_ping(1))
                await socket.recv()  # it was let in
                await stage.deputy(end)
                async with asyncio.timeout(8 + HOP_S):
                    await socket.wait_closed()
                assert socket.close_code == 4401
            async with connect(url, subprotocols=protocols, proxy=None) as socket:
                await socket.wait_closed()
                assert socket.close_code == 4401


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_page_of_another_site_needs_a_token_and_no_cookies(
    kind: str, sqlite_url: str, start_app: StartApp
) -> None:
    async with staged(start_app, sqlite_url, "", shared={}, kinds=[kind]) as stage:
        secret = await stage.deputy("result = token('ada')")
        elsewhere = {"origin": "http://elsewhere.example"}
        program = Program(stage, secret, 0, beside=True)
        await program.open(**elsewhere)
        await program.until(lambda: program.synced)
        await program.close()
        cookie = {"Cookie": f"sessionid={stage.people['ada']['session']}"}
        with pytest.raises(InvalidStatus) as refused:
            await Program(stage, secret, 0).open(additional_headers=cookie, **elsewhere)
        assert refused.value.response.status_code == 403
        wrong = Program(stage, "coscribe_made-up", 0)
        wrong.session = stage.people["ada"]["session"]  # the session beside it is no way in
        await wrong.join()
        assert code_of(wrong) == 4401
        await wrong.close()
        stock = f"{stage.apps[0].ws_url}/ws/documents/{stage.document}/"
        with pytest.raises(InvalidStatus):  # a client that asks for no subprotocol is refused at the handshake
            await connect(stock, additional_headers={"Authorization": "Bearer x"}, proxy=None)


async def test_the_example_types_into_a_document_as_somebody_who_is_there(sqlite_url: str, start_app: StartApp) -> None:
    async with staged(start_app, sqlite_url, "", shared={"bob": "editor"}, kinds=["uvicorn"]) as stage:
        bobs, readers = await stage.deputy("result = [token('bob'), token('bob', 'read')]")
        ada = await stage.typist("ada", 0).join()

        async def run(token: str) -> tuple[int, str]:
            page = f"{stage.apps[0].url}/documents/{stage.document}/"
            command = [sys.executable, "docs/examples/typist.py", page, "Grüße 👋 from bob", token]
            child = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            out, _ = await child.communicate()
            return child.returncode or 0, out.decode()

        running = asyncio.create_task(run(bobs))
        await ada.until(lambda: any(state.get("cursor") for state in ada.presence.values()))
        (client, state) = next((c, s) for c, s in ada.presence.items() if s.get("cursor"))
        assert state["user"]["name"] == "Bob"
        assert state["cursor"]["head"]["type"] == {"client": client, "clock": 1}
        assert await running == (0, "")
        text = await stage.deputy(
            "from documents import content, log\nresult = content.plain_text(*log.load(pk).updates)"
        )
        assert text.strip() == "Grüße 👋 from bob"
        code, out = await run(readers)
        assert code == 1
        assert "The server has closed: received 4403" in out
        await ada.close()
