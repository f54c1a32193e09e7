"""A right that was taken away is gone at once, for every edit that comes after it, in every process (I2, I3).

Two servers, a PostgreSQL and a Redis, real commits. Three kinds of proof, from strict to loose:

- For the verbs that take the document's row lock, the newest row of the log is read under that lock: until the right is
  given back, no later row may be that person's.
- For everything else, a word that was typed after the change had been committed, and this process had heard so, may not
  be in the log until the right is given back; nobody may see it, and its author may not be told that it is saved.
- How long a reader may still receive is bounded in time.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.conftest import StartApp
from tests.servers import Redis

from .conftest import size
from .ledger import Row, differences, read_log
from .stages import Stage, staged
from .test_kill import writing
from .typists import Typist, settled, words_in

CHANGES = size(16, 300)
TOGGLES = size(15, 100)
HOP_S = 3.0  # a relay hop takes milliseconds; the machine may be busy
SWEEP_MS = 500
NEVER_MS = 600_000


@dataclass
class Person:
    """Somebody whose right comes and goes; how it is taken and given, and what is to be proven about it."""

    name: str
    document: int
    locked: bool  # the change takes the document's row lock
    take: Sequence[str]
    give: Sequence[str]
    user: int = 0
    typists: list[Typist] = field(default_factory=list)
    # (newest row when it was taken, words typed until this process knew, newest row when it was given back)
    times: list[tuple[int | None, dict[str, int], int]] = field(default_factory=list)


def cast() -> list[Person]:
    """Four people whose right has four sources. The link lets anybody in, so eve has a document to herself."""
    bob = "sharing.{}(by=ada, obj=doc(pk), to=user('bob'){})"
    lower = [("revise", ", role=Role.VIEWER"), ("grant", ", role=Role.COMMENTER")]
    eve = "links.set_link(by=ada, obj=doc(pk), role={})"
    return [
        Person(
            "bob", 0, True,  # noqa: FBT003
            [bob.format("revoke", ""), *(bob.format(*each) for each in lower)],
            [bob.format("grant", ", role=Role.EDITOR")],
        ),
        Person("cyd", 0, False, ["join('cyd', False, {loud})"], ["join('cyd', True, {loud})"]),  # noqa: FBT003
        Person("dan", 0, False, ["activate('dan', False, {loud})"], ["activate('dan', True, {loud})"]),  # noqa: FBT003
        Person("eve", 1, True, [eve.format("None"), eve.format("Role.VIEWER")], [eve.format("Role.EDITOR")]),  # noqa: FBT003
    ]  # fmt: skip


SOURCES = """
from permissions.signals import announce
writers = Group.objects.create(name="writers")
sharing.grant(by=ada, obj=doc(pks[0]), to=writers, role=Role.EDITOR)
links.set_link(by=ada, obj=doc(pks[1]), role=Role.EDITOR)
for name in ("cyd", "eve"):
    for each in pks:
        sharing.revoke(by=ada, obj=doc(each), to=user(name))
writers.user_set.add(user("cyd"))

def activate(name, active, loud):
    # Quietly, as a script would, or announced, as the admin pages do.
    with transaction.atomic():
        User.objects.filter(username=name).update(is_active=active)
        if loud:
            announce(User, user(name).pk)

def join(name, member, loud):
    with transaction.atomic():
        (writers.user_set.add if member else writers.user_set.remove)(user(name))
        if loud:
            announce(User, user(name).pk)
"""


async def test_no_edit_is_committed_without_the_right_to_it(
    postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    shared = dict.fromkeys(("bob", "cyd", "dan", "eve"), "editor") | {"fay": "viewer"}
    async with staged(
        start_app, postgres_url, redis.url, shared=shared, documents=2, COLLAB_SWEEP_INTERVAL_MS=SWEEP_MS
    ) as stage:
        await stage.deputy(SOURCES)
        people = cast()
        for person in people:
            person.user = stage.people[person.name]["id"]
            person.typists = [stage.typist(person.name, app, document=person.document) for app in (0, 1)]
        others = [stage.typist(name, app, document=d) for name, app, d in [("ada", 0, 0), ("ada", 1, 1), ("fay", 1, 0)]]
        typists = [typist for person in people for typist in person.typists]
        await asyncio.gather(*(each.join() for each in [*others, *typists]))
        delays: dict[str, list[float]] = {person.name: [] for person in people}
        async with writing([*others[:2], *typists], rng):
            for _ in range(CHANGES):
                person = rng.choice(people)
                delays[person.name].append(await lose_and_regain(stage, person, others, rng))
        await settled([*others, *typists])
        for index, document in enumerate(stage.documents):
            log = read_log(postgres_url, document)
            here = [person for person in people if person.document == index]
            present = [each for each in [*others, *typists] if document in each.url]
            assert differences(log, present) == []
            assert [found for person in here for found in trespasses(log.rows, person)] == []
            print(f"document {index}: {log.head} rows")
        await asyncio.gather(*(each.close() for each in [*others, *typists]))
        shown = {name: f"{max(each):.3f} s" for name, each in delays.items() if each}
        print(f"{CHANGES} changes; until the person knew, at most: {shown}")


async def lose_and_regain(stage: Stage, person: Person, others: Sequence[Typist], rng: random.Random) -> float:
    """Take the right, wait until the person knows, let the others go on, and give it back. Returns how long the first
    took.
    """
    await stage.deputy(f"pk = pks[{person.document}]")
    take = rng.choice(person.take).format(loud=rng.random() < 0.5)
    head = await stage.deputy(f"result = under_lock(pk, lambda: {take})" if person.locked else take)
    said = {typist.name: typist.words for typist in person.typists}
    began = time.monotonic()
    await asyncio.gather(*(knows(typist) for typist in person.typists))
    elapsed = time.monotonic() - began
    witness = next(each for each in others if each.url.endswith(f"{stage.documents[person.document]}/"))
    row = witness.seq + rng.randint(1, 6)
    await witness.until(lambda: witness.seq >= row)
    for typist in person.typists:
        assert typist.acked_words <= said[typist.name], (
            f"{typist.name} was told that a refused edit is saved, after {take}"
        )
        shown = words_in(str(witness)).get(typist.name, [])
        assert len(shown) <= said[typist.name], f"a refused edit of {typist.name} was shown, after {take}"
    give = rng.choice(person.give).format(loud=rng.random() < 0.5)
    returned = await stage.deputy(f"result = under_lock(pk, lambda: {give})")
    person.times.append((head, said, returned))
    await asyncio.gather(*(regains(typist) for typist in person.typists))
    return elapsed


async def knows(typist: Typist) -> None:
    """Wait until the person has been told."""
    await typist.until(lambda: typist.closed is not None or typist.role not in ("editor", "owner"))


async def regains(typist: Typist) -> None:
    """In place, or by coming back: the person may write again, and what was written meanwhile is saved now."""
    if typist.closed is not None:
        assert typist.closed[0] in (4401, 4403), typist.closed  # who is deactivated is signed out, too
        await typist.join()
        assert typist.closed is None, f"{typist.name} came back and was closed with {typist.closed}"
    else:
        await typist.until(lambda: typist.role == "editor" or typist.closed)
        assert typist.closed is None, f"{typist.name} should have stayed and was closed with {typist.closed}"
    words = typist.words
    await typist.until(lambda: typist.acked_words >= words)


def trespasses(rows: Sequence[Row], person: Person) -> list[str]:
    """Rows that were committed while the person had no right to it."""
    found = []
    for head, said, returned in person.times:
        for row in rows:
            if row.author != person.user or row.seq > returned:
                continue
            if head is not None and row.seq > head:
                found.append(f"row {row.seq} is {person.name}'s, who had no right from row {head} to row {returned}")
            for name, numbers in row.words.items():
                if max(numbers) > said[name]:
                    found.append(
                        f"row {row.seq} has {name}'s word {max(numbers)}, typed after {said[name]} were allowed"
                    )
    return found


async def test_the_proof_sees_a_trespass() -> None:
    person = Person("bob", 0, True, [], [], user=7, times=[(2, {"boba": 5}, 4)])  # noqa: FBT003
    allowed = [Row(1, 7, b"<boba4>"), Row(2, 7, b"<boba5>"), Row(3, 8, b"<adaa1>"), Row(5, 7, b"<boba6>")]
    assert trespasses(allowed, person) == []
    assert len(trespasses([Row(3, 7, b"<boba5>")], person)) == 1
    assert len(trespasses([Row(2, 7, b"<boba6>")], person)) == 1


async def test_the_proof_sees_a_commit_that_does_not_ask(postgres_url: str, redis: Redis, start_app: StartApp) -> None:
    """The same, from end to end: a server that authorises when the socket is opened, as most do."""
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, settings="tests.faults.settings.trusting",
        kinds=["uvicorn"], COLLAB_SWEEP_INTERVAL_MS=NEVER_MS,
    ) as stage:  # fmt: skip
        bob = await stage.typist("bob", 0).join()
        await bob.write()
        await bob.saved()
        revoke = "sharing.revoke(by=ada, obj=doc(pk), to=user('bob'))"
        head = await stage.deputy(f"result = under_lock(pk, lambda: {revoke})")
        await bob.write()
        await bob.saved()
        log = read_log(postgres_url, stage.document)
        person = Person("bob", 0, True, [], [], user=stage.people["bob"]["id"], times=[(head, {"boba": 1}, log.head)])  # noqa: FBT003
        assert len(trespasses(log.rows, person)) == 2, "by the lock, and by the word"
        await bob.close()


async def test_the_owner_s_clicks_take_effect_in_every_process(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        share = f"shares/user-{stage.people['bob']['id']}/"
        ada = await stage.typist("ada", 0).join()
        bobs = [await stage.typist("bob", app).join() for app in (0, 1)]
        for bob in bobs:
            await bob.write()
            await bob.saved()

        assert await stage.ask("ada", "PATCH", share, {"role": "viewer"}) == 200
        for bob in bobs:
            await bob.when(lambda bob: bob.role == "viewer", patience_s=HOP_S)
            await bob.write()
            await bob.when(lambda bob: bob.refused)
            assert bob.refused[-1] == (bob.batch, "access")
        await ada.write()
        await ada.saved()
        assert words_in(str(ada)) == {"boba": [1], "bobb": [1], "adaa": [1]}
        for bob in bobs:  # a viewer still sees
            await bob.when(lambda bob: "<adaa1>" in str(bob), patience_s=HOP_S)

        assert await stage.ask("ada", "PATCH", share, {"role": "editor"}) == 200
        for bob in bobs:  # in place, without coming back
            await bob.when(lambda bob: bob.role == "editor" and bob.acked_words == 2, patience_s=HOP_S)
            assert bob.closed is None
        await settled([ada, *bobs])

        assert await stage.ask("ada", "DELETE", share) == 200
        for bob in bobs:
            await bob.when(lambda bob: bob.closed, patience_s=HOP_S)
            assert bob.closed is not None
            assert bob.closed[0] == 4403
        assert await stage.ask("bob", "PATCH", share, {"role": "editor"}) == 404
        assert read_log(postgres_url, stage.document).head == ada.seq
        await asyncio.gather(*(each.close() for each in [ada, *bobs]))


async def test_a_deleted_document_takes_no_more_edits(
    postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        typists = [stage.typist(person, app) for person in ("ada", "bob") for app in (0, 1)]
        await asyncio.gather(*(typist.join() for typist in typists))
        async with writing(typists, rng):
            await typists[0].until(lambda: typists[0].seq > 20)
            head = await stage.deputy("""
                from documents.trash import trash
                result = under_lock(pk, lambda: trash(by=ada, document=doc(pk)))
            """)
            await asyncio.gather(*(t.when(lambda t: t.closed, patience_s=HOP_S) for t in typists))
        assert {typist.closed[0] for typist in typists if typist.closed} == {4404}
        log = read_log(postgres_url, stage.document)
        assert log.head == head == len(log.rows)
        assert max(typist.seq for typist in typists) <= head
        late = stage.typist("bob", 1)
        await late.join()
        assert late.closed is not None
        assert late.closed[0] in (4403, 4404)
        await asyncio.gather(*(each.close() for each in [late, *typists]))


@pytest.mark.parametrize("hop", ["heard", "lost"])
async def test_a_revoked_reader_receives_nothing_more(
    hop: str, postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """At the hop; and when every announcement is lost, at the sweep."""
    settings, sweep_ms = ("project.settings", NEVER_MS) if hop == "heard" else ("tests.faults.settings.deaf", SWEEP_MS)
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "viewer", "cyd": "editor"}, settings=settings,
        COLLAB_SWEEP_INTERVAL_MS=sweep_ms,
    ) as stage:  # fmt: skip
        writers = [stage.typist(person, app) for person in ("ada", "cyd") for app in (0, 1)]
        delays, bob = [], str(stage.people["bob"]["id"])
        await asyncio.gather(*(each.join() for each in writers))
        async with writing(writers, rng):
            for _ in range(size(3, 30)):
                readers = [stage.typist("bob", app) for app in (0, 1)]
                await asyncio.gather(*(each.join() for each in readers))
                for app, reader in enumerate(readers):
                    await reader.awareness({"cursor": app})
                await asyncio.gather(*(reader.advance(1) for reader in readers))
                await stage.deputy("sharing.revoke(by=ada, obj=doc(pk), to=user('bob'))")
                began = time.monotonic()
                await asyncio.gather(*(reader.when(lambda r: r.closed) for reader in readers))
                delays.append(time.monotonic() - began)
                assert {reader.closed[0] for reader in readers if reader.closed} == {4403}
                if hop == "heard":  # nor is anything shown of them
                    await writers[0].until(lambda: bob not in people_at(writers[0]), patience_s=HOP_S)
                await stage.deputy("sharing.grant(by=ada, obj=doc(pk), to=user('bob'), role=Role.VIEWER)")
                await asyncio.gather(*(each.close() for each in readers))
        print(f"{hop}: closed after {[round(each, 3) for each in delays]} s")
        assert max(delays) < HOP_S + (0 if hop == "heard" else sweep_ms / 1000)
        await settled(writers)
        await asyncio.gather(*(each.close() for each in writers))


async def test_an_edit_is_refused_at_the_commit_though_nobody_has_heard_of_the_revocation(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor", "cyd": "editor"},
        settings="tests.faults.settings.deaf", COLLAB_SWEEP_INTERVAL_MS=NEVER_MS,
    ) as stage:  # fmt: skip
        ada, bob, cyd = [await stage.typist(*place).join() for place in (("ada", 1), ("bob", 0), ("cyd", 0))]
        await bob.write()
        await bob.saved()
        head = await stage.deputy(
            "result = under_lock(pk, lambda: sharing.revoke(by=ada, obj=doc(pk), to=user('bob')))"
        )
        await asyncio.gather(bob.write(), cyd.write())  # perhaps in one batch: only bob's may fall out of it
        await cyd.saved()
        await bob.until(lambda: bob.closed)
        assert bob.refused == [(bob.batch, "access")]
        assert bob.closed is not None
        assert bob.closed[0] == 4403
        log = read_log(postgres_url, stage.document)
        assert log.by(stage.people["bob"]["id"], after=head) == []
        await ada.until(lambda: "<cyda1>" in str(ada))
        assert words_in(str(ada)) == log.words == {"boba": [1], "cyda": [1]}
        await asyncio.gather(*(each.close() for each in (ada, bob, cyd)))


async def test_a_session_that_ended_is_closed_by_the_sweep(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=SWEEP_MS
    ) as stage:
        bob = await stage.typist("bob", 1).join()
        key = stage.people["bob"]["session"]
        await stage.deputy(f"SessionStore({key!r}).delete()")
        await bob.until(lambda: bob.closed, patience_s=HOP_S + SWEEP_MS / 1000)
        assert bob.closed is not None
        assert bob.closed[0] == 4401
        await bob.close()


async def test_a_session_that_is_ended_is_closed_at_once_in_every_process(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        bobs = [await stage.typist("bob", app).join() for app in (0, 1)]
        ada = await stage.typist("ada", 0).join()
        key = stage.people["bob"]["session"]
        await stage.deputy(
            "from permissions import sessions\n"
            "from permissions.models import SignIn\n"
            f"SignIn.objects.create(user=user('bob'), session_id={key!r}, seen_at=timezone.now())\n"
            "sessions.end(user('bob').sign_ins.all(), of=user('bob'))"
        )
        for bob in bobs:
            await bob.until(lambda bob=bob: bob.closed, patience_s=HOP_S)  # type: ignore[misc]
            assert bob.closed is not None
            assert bob.closed[0] == 4401
            await bob.close()
        assert ada.closed is None
        await ada.close()


async def test_of_many_quick_changes_the_last_one_stays(
    postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """The announcements overlap, and so do the questions that they cause: an old answer may not win."""
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=NEVER_MS
    ) as stage:
        bobs = [await stage.typist("bob", app).join() for app in (0, 1)]
        async with writing(bobs, rng):
            for _ in range(TOGGLES):
                roles = [rng.choice(("VIEWER", "COMMENTER", "EDITOR")) for _ in range(rng.randint(2, 6))]
                await stage.deputy(
                    "".join(f"sharing.revise(by=ada, obj=doc(pk), to=user('bob'), role=Role.{r})\n" for r in roles)
                )
                for bob in bobs:
                    await becomes(bob, roles[-1].lower())
                    await bob.echo()
                    assert bob.role == roles[-1].lower(), f"after {roles}"
        await stage.deputy("sharing.revise(by=ada, obj=doc(pk), to=user('bob'), role=Role.EDITOR)")
        await settled(bobs)
        assert differences(read_log(postgres_url, stage.document), bobs) == []
        await asyncio.gather(*(each.close() for each in bobs))


async def becomes(typist: Typist, role: str) -> None:
    """Wait until the person has this role, as far as the person knows."""
    await typist.until(lambda: typist.role == role, patience_s=HOP_S)


def people_at(typist: Typist) -> set[str]:
    """Who the person sees."""
    return {state["user"]["id"] for state in typist.presence.values()}
