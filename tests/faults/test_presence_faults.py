"""Who is here: at once, in every process; no blinking; and nobody stays who is gone (I14)."""

import asyncio
import time

import pytest

from tests.conftest import StartApp
from tests.servers import Redis

from .conftest import size
from .stages import staged
from .typists import Typist

TTL_MS, GRACE_MS = 3_000, 1_500
TICK_S = 1.0
BUSY_S = 3.0  # what a busy machine may add
APPEARS_S = 1.0


class Witness(Typist):
    """Remembers every change of who is here."""

    def _note_presence(self, body: bytes) -> None:
        super()._note_presence(body)
        self.seen.append({state["user"]["name"] for state in self.presence.values()})

    @property
    def seen(self) -> list[set[str]]:
        return self.__dict__.setdefault("_seen", [])  # type: ignore[no-any-return]  # of one kind only, see above


@pytest.mark.parametrize("kinds", [("daphne",), ("uvicorn",), ("daphne", "uvicorn")], ids=lambda kinds: "+".join(kinds))
async def test_somebody_who_comes_is_seen_within_a_second(
    kinds: tuple[str, ...], postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(start_app, postgres_url, redis.url, shared={"bob": "viewer"}, kinds=kinds) as stage:
        ada = await stage.typist("ada", 0).join()
        delays = []
        for _ in range(size(5, 50)):
            bob = await stage.typist("bob", len(kinds) - 1).join()
            began = time.monotonic()
            await bob.awareness({"cursor": 1})
            await sees(ada, bob)
            delays.append(time.monotonic() - began)
            assert ada.presence[bob.doc.client_id]["user"]["name"] == "Bob"
            await bob.close()
        print(f"seen after {[round(each, 3) for each in delays]} s")
        assert sorted(delays)[len(delays) // 2] < APPEARS_S
        late = await stage.typist("bob", len(kinds) - 1).join()  # and who comes later sees who is here
        await ada.awareness({"cursor": 2})
        await late.until(lambda: ada.doc.client_id in late.presence)
        again = await stage.typist("bob", len(kinds) - 1).join()
        await again.until(lambda: ada.doc.client_id in again.presence)
        await asyncio.gather(*(each.close() for each in (ada, late, again)))


async def test_a_quick_reconnect_does_not_blink(postgres_url: str, redis: Redis, start_app: StartApp) -> None:
    """Neither at the same server nor at another one."""
    async with staged(start_app, postgres_url, redis.url, shared={"bob": "editor"}) as stage:
        here = Witness("ada", stage.apps[0].ws_url, stage.people["ada"]["session"], stage.document)
        there = Witness("ada", stage.apps[1].ws_url, stage.people["ada"]["session"], stage.document)
        await asyncio.gather(here.join(), there.join())
        bob = await stage.typist("bob", 0).join()
        await bob.awareness({"cursor": 0}, clock=1)
        for witness in (here, there):
            await witness.when(lambda w: w.seen and w.seen[-1] == {"Bob"})
            witness.seen.clear()
        for clock in range(2, size(8, 40)):
            doc, old = bob.doc, bob
            old.cut()
            bob = Typist("bob", stage.apps[clock % 2].ws_url, old.session, stage.document, doc=doc)
            await bob.join()
            await bob.awareness({"cursor": clock}, clock=clock)
            for witness in (here, there):
                await has_cursors(witness, [clock])
            await old.close()
        for witness in (here, there):
            assert witness.seen
            assert set() not in witness.seen, "bob was gone for a moment"
        await asyncio.gather(*(each.close() for each in (here, there, bob)))


async def test_somebody_who_leaves_is_gone_after_the_grace_period(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_PRESENCE_GRACE_MS=GRACE_MS
    ) as stage:
        adas = [await stage.typist("ada", app).join() for app in (0, 1)]
        for leave in ("goodbye", "cut"):
            bob = await stage.typist("bob", 0).join()
            await bob.awareness({"cursor": 1})
            await asyncio.gather(*(sees(ada, bob) for ada in adas))
            if leave == "cut":
                bob.cut()
            await bob.close()
            limit = GRACE_MS / 1000 + TICK_S + BUSY_S
            await asyncio.gather(*(a.when(lambda a: not a.presence, patience_s=limit) for a in adas))
        await asyncio.gather(*(each.close() for each in adas))


async def test_the_people_of_a_killed_process_are_gone_within_the_ttl(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor", "cyd": "editor"}, COLLAB_PRESENCE_TTL_MS=TTL_MS
    ) as stage:
        ada, bob, cyd = [await stage.typist(*place).join() for place in (("ada", 0), ("bob", 1), ("cyd", 0))]
        clock = 1
        await bob.awareness({"cursor": 1}, clock=clock)
        await cyd.awareness({"cursor": 2}, clock=clock)
        both = {bob.doc.client_id, cyd.doc.client_id}
        await ada.until(lambda: set(ada.presence) == both)
        stage.apps[1].kill9()
        began = time.monotonic()
        while bob.doc.client_id in ada.presence:
            clock += 1
            await cyd.awareness({"cursor": 2}, clock=clock)  # who goes on saying so stays
            await asyncio.sleep(0.2)
            assert time.monotonic() - began < TTL_MS / 1000 + TICK_S + BUSY_S
        print(f"gone after {time.monotonic() - began:.1f} s")
        assert set(ada.presence) == {cyd.doc.client_id}
        await asyncio.to_thread(stage.apps[1].start)
        await bob.until(lambda: bob.closed)
        await bob.join()
        await bob.awareness({"cursor": 3}, clock=2)  # a return is newer than the removal
        await ada.until(lambda: ada.presence.get(bob.doc.client_id, {}).get("cursor") == 3)
        await asyncio.gather(*(each.close() for each in (ada, bob, cyd)))


async def sees(typist: Typist, other: Typist) -> None:
    """Wait until the one knows that the other is here."""
    await typist.until(lambda: other.doc.client_id in typist.presence)


async def has_cursors(typist: Typist, cursors: list[int]) -> None:
    """Wait until exactly these are what the person sees."""
    await typist.until(lambda: [state["cursor"] for state in typist.presence.values()] == cursors)
