"""The whole installation: what ends by itself or by force is stood in for, and `make cluster` leaves nothing behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidHandshake

from deploy.cluster import Cluster
from deploy.parts import NotReachable, Postgres, free_port, wait_until
from tests.clients import Scribe
from tests.servers import ROOT

from .asking import ask
from .conftest import ENV, Site


async def test_when_a_process_is_killed_its_people_go_on_in_another(site: Site) -> None:
    document = site.document()
    ada, bob = await site.scribe("ada", document).join(), await site.scribe("bob", document).join()
    await ada.type("before ")
    await ada.saved()
    for server in site.cluster.servers:  # wherever they were
        server.kill9()
        for page in (ada, bob):
            await page.type(f"without {server.name} ")
            await saved(page)
        server.start()
    for page in (ada, bob):
        await page.close()
    late = await site.scribe("vera", document).join()
    assert str(late).count("without") == 4
    await late.close()


async def saved(page: Scribe) -> None:
    """Whatever it takes: as a page does, it comes again when its socket is closed."""
    await page.until(lambda: not page.dirty or page.closed is not None)
    while page.dirty:
        with contextlib.suppress(OSError, InvalidHandshake):
            await page.join()
            await page.until(lambda: not page.dirty or page.closed is not None)


def test_the_worker_and_the_processes_share_the_work(site: Site) -> None:
    assert [part.running for part in site.cluster.parts] == [True] * 6
    assert site.cluster.env["COSCRIBE_BACKGROUND"] == "worker"


def test_secrets_are_on_no_command_line(site: Site) -> None:
    secrets = [path.read_text() for path in (site.cluster.folder / "secrets").iterdir()]
    lines = [part.pid for part in site.cluster.parts]
    said = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in lines).decode()
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.long
def test_a_cluster_that_was_stopped_has_everything_when_it_is_started_again(folder: Path) -> None:
    with Cluster(folder, kinds=["uvicorn"], env=ENV) as cluster:
        cluster.manage("shell", "-c", "from permissions.models import User; User.objects.create_user('ada')")
    with Cluster(folder, kinds=["daphne"], env=ENV) as cluster:
        assert cluster.postgres.psql("SELECT count(*) FROM permissions_user", database="coscribe").strip() == "1"
        cluster.kill9()
        cluster.start()
        assert cluster.postgres.psql("SELECT count(*) FROM permissions_user", database="coscribe").strip() == "1"


def test_make_cluster_serves_until_it_is_interrupted_and_leaves_no_process_behind(folder: Path) -> None:
    command = [sys.executable, "-m", "deploy.cluster", "--port", "0", "--processes", "1", "--folder", str(folder)]
    said = folder / "said"
    with said.open("wb") as out:
        run = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env={**os.environ, **ENV})
    try:
        wait_until(
            lambda: "Ctrl+C" in said.read_text(),
            alive=lambda: run.poll() is None,
            failure=lambda: AssertionError(said.read_text()),
        )
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said.read_text())
        assert found is not None
        assert ask(int(found[1]), "GET", "/sign-in/").status == 200
        pids = [int(pid) for pid in re.findall(r"process (\d+)", said.read_text())]
        assert len(pids) == 5
    finally:
        run.send_signal(signal.SIGINT)
        ended = run.wait(60)
    assert ended == 0, said.read_text()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_a_folder_that_postgresql_cannot_enter_is_named(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(NotReachable, match="make cluster CLUSTER="):
        Postgres(closed / "postgres", port=free_port(), password="x").start()
