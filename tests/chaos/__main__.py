"""`make chaos`: the whole cluster under forty people while its parts are killed, paused, cut off and filled up; then
every invariant is checked from the people's own records against the log.

`python -m tests.chaos --seed 7 --seconds 600`. The seed decides who does what and what breaks, in which order; the
machine decides at which byte. Ends with 1 at a violation, and prints the command that repeats the run. The record is
in var/chaos/.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.cluster import Cluster
from tests.faults.ledger import Log, read_log
from tests.servers import ROOT

from .faults import Faults, mount_small_disk
from .people import Person, Scene
from .rights import Rights
from .verdict import Silence, judge

DOCUMENTS = 8
ROLES = ("owner", "editor", "editor", "commenter", "viewer")
SWEEP_MS = 2_000
PRESENCE_TTL_MS = 10_000
BOUND_S = 10.0  # calm seconds after which nobody without access may receive: the sweep, and a busy machine
SETTLE_S = 90.0
GHOSTS_S = PRESENCE_TTL_MS / 1000 + 15
CALM_S = 5.0  # pages may fail so long after a fault
UNSHARED = "COSCRIBE_CHAOS_UNSHARED"

SEEDING = """
import json
from permissions import sharing
made = {{}}
for d in range({documents}):
    names = [f"p{{chr(97 + d)}}{{chr(97 + r)}}" for r in range({roles})]
    made[d] = {{"people": {{name: person(name) for name in names}}}}
    owner = user(names[0])
    document = Document.objects.create_for(owner=owner, title=f"chaos {{d}}")
    for name, role in zip(names[1:], {shared!r}):
        sharing.grant(by=owner, obj=document, to=user(name), role=Role.parse(role))
    made[d]["document"] = str(document.pk)
result = list(made.values())
"""
# What the processes may say of a database or a Redis that is not there; anything else with a traceback is news.
EXPECTED = re.compile(
    r"OperationalError|InterfaceError|InternalError|PoolTimeout|ConnectionError|TimeoutError|ConnectionRefused|"
    r"ConnectionReset|AdminShutdown|BusyLoading|CancelledError|DiskFull|ReadOnlySql|OSError"
)


@dataclass
class Run:
    """One run: what was said, and what came of it."""

    seed: int
    seconds: float
    keep: Path
    lines: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None:
        """Print it with the time."""
        self.lines.append(f"{time.monotonic() - self.began:7.1f}  {line}")
        print(self.lines[-1], flush=True)


def main() -> int:
    """Run it; 1 at a violation."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--mutant", choices=["premature", "trusting"], help="break a promise: the run has to notice")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    if UNSHARED not in os.environ:
        unshare(["--seed", str(seed), *sys.argv[1:]])
    run = Run(seed, given.seconds, ROOT / "var" / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}")
    run.keep.mkdir(parents=True, exist_ok=True)
    run.say(f"once more: make chaos SEED={seed} SECONDS={given.seconds:g}")
    folder = Path(tempfile.mkdtemp(prefix="coscribe-chaos-"))
    folder.chmod(0o755)
    try:
        violations, facts = asyncio.run(play(run, folder, given.mutant or ""))
    except Exception as error:  # noqa: BLE001 - a run that could not be ended is no proof of anything
        traceback.print_exc()
        violations, facts = [f"run: {error!r}"], {}
    finally:
        for log in folder.glob("*/*.log"):
            shutil.copy(log, run.keep)
        (run.keep / "run.txt").write_text("\n".join(run.lines) + "\n")
        if os.environ[UNSHARED] == "1":
            subprocess.run(["umount", str(folder / "postgres")], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
    for line in violations:
        run.say(f"VIOLATION {line}")
    again = f"make chaos SEED={seed} SECONDS={given.seconds:g}"
    verdict = f"{len(violations)} violations; once more: {again}" if violations else "every invariant holds"
    run.say(f"VERDICT: {verdict}. {run.keep.relative_to(ROOT)}")
    record = {"seed": seed, "seconds": given.seconds, "violations": violations, **facts}
    (run.keep / "record.json").write_text(json.dumps(record, indent=1, default=str) + "\n")
    (run.keep / "run.txt").write_text("\n".join(run.lines) + "\n")
    return 1 if violations else 0


def unshare(arguments: list[str]) -> None:
    """Go on in a mount namespace of our own, where that is allowed: the small disk is gone with us in any case."""
    unshare = shutil.which("unshare")
    may = (
        unshare
        and os.geteuid() == 0
        and not subprocess.run([unshare, "--mount", "true"], capture_output=True).returncode
    )
    command = [sys.executable, "-m", "tests.chaos", *arguments]
    before = [str(unshare), "--mount", "--propagation", "private"] if may else []
    env = {**os.environ, UNSHARED: "1" if may else "0"}
    os.execvpe((before + command)[0], before + command, env)


async def play(run: Run, folder: Path, mutant: str) -> tuple[list[str], dict[str, Any]]:
    """All acts. The violations, and figures."""
    rng = random.Random(run.seed)
    disk = os.environ[UNSHARED] == "1" and mount_small_disk(folder / "postgres")
    run.say("the disk that is filled: " + ("a file system of PostgreSQL's own" if disk else "none may be mounted here"))
    kinds = ["uvicorn", "daphne", "uvicorn"]
    env = {
        "COLLAB_SWEEP_INTERVAL_MS": str(SWEEP_MS),
        "COLLAB_PRESENCE_TTL_MS": str(PRESENCE_TTL_MS),
        "COLLAB_COMPACT_AFTER_UPDATES": "60",
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings.chaos",
        "EMAIL_URL": "dummymail://",
        "ALLOWED_HOSTS": "*",
        "MUTANT": mutant,
    }
    odd = {0: {"CLOCK_OFF_S": "0"}, 1: {"LOSSY": "1"}, 2: {"CLOCK_OFF_S": str(rng.randint(-300, 300))}}
    cluster = Cluster(folder, kinds=kinds, env=env, env_of=odd)
    await asyncio.to_thread(cluster.start)
    try:
        for name, value in (("max_wal_size", "64MB"), ("min_wal_size", "32MB")):
            await asyncio.to_thread(cluster.postgres.psql, f"ALTER SYSTEM SET {name} = '{value}'")
        await asyncio.to_thread(cluster.postgres.psql, "SELECT pg_reload_conf()")
        return await act(run, cluster, rng, disk=disk)
    finally:
        await asyncio.to_thread(cluster.kill9)


async def act(run: Run, cluster: Cluster, rng: random.Random, *, disk: bool) -> tuple[list[str], dict[str, Any]]:
    """People and faults for the time given; then peace; then the judgement."""
    scene = Scene(cluster.url, cluster.ws_url)
    rights = Rights(scene, cluster.database_url)
    groups = await asyncio.to_thread(gather, cluster, scene, rng)
    people = [person for group in groups for person in group]
    faults = Faults(cluster, random.Random(rng.random()), scene.now, run.say, disk)
    for group in groups:
        for person in group[3:]:
            rights.never(person)
    run.say(f"{len(people)} people at {len(groups)} documents, {len(cluster.servers)} processes")
    tasks = [asyncio.create_task(person.live()) for person in people]
    tasks += [asyncio.create_task(rights.govern(g[0], g[1:3], random.Random(rng.random()))) for g in groups]
    broken = asyncio.create_task(break_things(faults, run.seconds))
    violations: list[str] = []
    try:
        await broken
        scene.over = True
        async with asyncio.timeout(300):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        violations += [f"script: {outcome!r}" for outcome in outcomes if isinstance(outcome, BaseException)]
        run.say("peace: everybody comes back")
        violations += await settle(people)
        logs = {g[0].document: read_log(cluster.database_url, g[0].document) for g in groups}
        for person in people:
            person.copy.write_down()
            person.records[-1].present = not person.denied and person.settled
        silences = [
            Silence(
                d.user, d.document, faults.calm_after(d.since, BOUND_S), scene.now() if d.until is None else d.until
            )
            for d in rights.deafnesses
        ]
        records = [record for person in people for record in person.records]
        violations += judge(logs, records, rights.losses, silences)
        violations += await ghosts(people)
        violations += await verified(cluster)
        keep_rows(run, logs)
        violations += pages(scene, faults)
    finally:
        for task in (broken, *tasks):
            task.cancel()
        await asyncio.gather(broken, *tasks, return_exceptions=True)
    news, told = read_news(cluster)
    violations += news
    facts = figures(scene, logs, people, rights, silences, told)
    run.say(json.dumps({name: value for name, value in facts.items() if name != "records"}, default=str))
    facts["records"] = [{**asdict(r), "heard": len(r.heard), "text": len(r.text)} for r in records]
    return violations, facts


def gather(cluster: Cluster, scene: Scene, rng: random.Random) -> list[list[Person]]:
    """People and documents, as an operator would make them."""
    from tests.seed import PRELUDE

    code = SEEDING.format(documents=DOCUMENTS, roles=len(ROLES), shared=list(ROLES[1:]))
    done = subprocess.run(
        [sys.executable, "-m", "tests.seed"], cwd=ROOT, env={**cluster.env, "CLOCK_OFF_S": ""}, input=code,
        capture_output=True, text=True,
    )  # fmt: skip
    assert PRELUDE
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return [
        [
            Person(scene, name, who["id"], who["session"], each["document"], random.Random(rng.random()))
            for name, who in each["people"].items()
        ]
        for each in json.loads(done.stdout.splitlines()[-1])
    ]


async def break_things(faults: Faults, seconds: float) -> None:
    """One fault after another until the time is over, a breath between."""
    began = faults.now()
    await asyncio.sleep(5)
    while faults.now() - began < seconds:
        name, fault = faults.choose()
        await asyncio.to_thread(faults.carry_out, name, fault)
        await asyncio.sleep(faults.rng.uniform(1, 7))


async def settle(people: list[Person]) -> list[str]:
    """Everybody who may is there, and everything is saved and with everybody; or who is not, and why."""

    async def come(person: Person) -> None:
        while not person.settled and not person.denied:
            if await person.be_there():
                await person.copy.send_push()
            await asyncio.sleep(0.3)

    try:
        async with asyncio.timeout(SETTLE_S):
            while any(not (person.settled or person.denied) for person in people):
                await asyncio.gather(*map(come, people))
            while not all(alike([p for p in people if p.document == d]) for d in {p.document for p in people}):
                await asyncio.sleep(0.2)
    except TimeoutError:
        late = [person for person in people if not (person.settled or person.denied)]
        return [f"unsettled: {person}" for person in late or people]
    return []


def alike(people: list[Person]) -> bool:
    """Whether those who are there show the same."""
    return len({(str(p.copy), str(p.copy.scribbles)) for p in people if not p.denied}) <= 1


def keep_rows(run: Run, logs: dict[str, Log]) -> None:
    """All logs, row by row in hexadecimal: for who looks for a bug."""
    rows = {document: [[row.author, row.payload.hex()] for row in log.rows] for document, log in logs.items()}
    (run.keep / "rows.json").write_text(json.dumps(rows))


async def ghosts(people: list[Person]) -> list[str]:
    """Half of the people vanish without a word: the others see each other, and nobody else."""
    there = [person for person in people if not person.denied and person.settled]
    stay = {person for index, person in enumerate(there) if index % 2}
    for person in there:
        await person.show_caret()
    for person in set(there) - stay:
        person.copy.cut()

    def right(person: Person) -> bool:
        others = {p.copy.doc.client_id for p in stay if p.document == person.document and p is not person}
        return set(person.copy.presence) - {person.copy.doc.client_id} == others

    until = time.monotonic() + GHOSTS_S
    while time.monotonic() < until and not all(map(right, stay)):
        await asyncio.gather(*(person.show_caret() for person in stay))
        await asyncio.sleep(1)
    names = {client: person.name for person in people for client in person.clients}
    now = {person.copy.doc.client_id for person in people}
    found = []
    for person in stay:
        others = {p.copy.doc.client_id for p in stay if p.document == person.document and p is not person}
        seen = set(person.copy.presence) - {person.copy.doc.client_id}
        if seen != others:
            many = [
                f"{names.get(each, 'nobody')}{'' if each in now else ' of an earlier copy'}" for each in seen - others
            ]
            few = [names[each] for each in others - seen]
            closed = person.copy.closed
            found.append(f"presence: {person.name} sees {many} too many, {few} not (closed {closed})")
    return found


async def verified(cluster: Cluster) -> list[str]:
    """What the operator's own command finds."""
    try:
        await asyncio.to_thread(cluster.manage, "verify_documents", "--all")
    except subprocess.CalledProcessError as error:
        return [f"verify_documents: {error.stdout[-500:]}"]
    return []


def pages(scene: Scene, faults: Faults) -> list[str]:
    """Pages that failed although nothing was broken."""
    return [
        f"page: {what} at {at:.1f} s, in the calm"
        for at, what in scene.errors
        if not any(begun - 1 <= at <= ended + CALM_S for begun, ended in faults.windows)
    ]


def read_news(cluster: Cluster) -> tuple[list[str], dict[str, int]]:
    """What the processes said: tracebacks that no fault explains are violations; the rest is counted."""
    told: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for server in cluster.servers:
        lines = server.log.read_text(errors="replace").splitlines()
        inside, last = False, ""
        for line in [*lines, "end"]:
            if line.startswith("Traceback"):
                inside, last = True, ""
            elif inside and line and not line[0].isspace():
                inside, last = False, line  # unless another error came of it, or stands below as its cause
            elif last and line and not line.startswith(("During", "The above", " ")):
                if not EXPECTED.search(last):
                    found[re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+", "*", last)[:200]] += 1
                last = ""
            if (match := re.search(r"\b(WARNING|ERROR|CRITICAL) \S+ ([\w.]+: .*)", line)) is not None:
                told[f"{match[1]} {re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+', '*', match[2])[:110]}"] += 1
    return [f"traceback: {line} ({count} times)" for line, count in found.items()], dict(told.most_common(25))


def figures(
    scene: Scene,
    logs: dict[str, Log],
    people: list[Person],
    rights: Rights,
    silences: list[Silence],
    told: dict[str, int],
) -> dict[str, Any]:
    """What was done, in numbers: a run that did nothing proves nothing."""
    records = [record for person in people for record in person.records]
    return {
        "rows": {document: log.head for document, log in logs.items()},
        "copies": len(records),
        "words": sum(record.words for record in records),
        "acknowledged": sum(record.acked for record in records),
        "acts": dict(scene.acts),
        "pages": dict(scene.pages),
        "losses": len(rights.losses),
        "silences checked": sum(silence.until > silence.after for silence in silences),
        "there at the end": sum(record.present for record in records),
        "said by the servers": told,
    }


if __name__ == "__main__":
    sys.exit(main())
