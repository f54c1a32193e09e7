"""Background work: when it is due, once a period, by whoever looks first; whatever ends a worker, done in the end."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import connection, connections
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from documents import history, jobs, packing
from documents.compaction import compact
from documents.models import (
    Document,
    DocumentAuthor,
    DocumentClient,
    DocumentPiece,
    DocumentState,
    RecurringJob,
)
from documents.pieces import Edit
from documents.schedule import LEASE, MAX_WORKERS_LOST, SCHEDULE, Recurring, tick
from documents.trash import trash
from documents.worker import new_worker, work
from permissions import audit, letters
from permissions.clock import database_now
from permissions.models import AuditEntry, Letter, SignIn, User
from tests import seed
from tests.clients import Scribe
from tests.conftest import Person, StartApp
from tests.databases import either_database
from tests.servers import ROOT, app_env

from .lingering import fail, linger
from .test_packing import typed
from .test_packing import write as write_log

PATIENCE_S = 60.0


@pytest.fixture
def ada(database: str, person: Person) -> User:
    return person("ada")


def due(*names: str) -> None:
    """These jobs are due now, and no others."""
    tick()
    RecurringJob.objects.update(due_at=timezone.now() + timedelta(minutes=4))
    RecurringJob.objects.filter(name__in=names).update(due_at=timezone.now())


def do(*names: str) -> list[Any]:
    """Let a worker do these; what they returned."""
    DBTaskResult.objects.all().delete()
    due(*names)
    work(new_worker())
    done = DBTaskResult.objects.order_by("enqueued_at")
    assert [each.status for each in done] == [TaskResultStatus.SUCCESSFUL] * len(names), [e.traceback for e in done]
    return [each.return_value for each in done]


def ready() -> list[str]:
    return sorted(path.rpartition(".")[2] for path in DBTaskResult.objects.ready().values_list("task_path", flat=True))


def at_once(count: int, act: Callable[[], Any]) -> list[Any]:
    """What `count` threads got, that began together."""
    together, found = threading.Barrier(count), list[Any]()

    def run() -> None:
        together.wait(30)
        try:
            found.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


# -- the clock ---------------------------------------------------------------------------------------------------------


@either_database
def test_a_job_runs_once_in_its_period_however_many_look(database: str) -> None:
    now = timezone.now()
    assert tick(now) == []  # of a new installation nothing is due
    later = now + timedelta(minutes=5, seconds=1)
    found = at_once(4, lambda: tick(later))
    assert [name for names in found for name in names] == ["send_letters"]
    assert ready() == ["send_letters"]
    DBTaskResult.objects.all().delete()
    assert tick(later + timedelta(minutes=4)) == []
    assert tick(later + timedelta(minutes=6)) == ["send_letters"]


@either_database
def test_many_who_begin_at_once_make_one_row_a_job(database: str) -> None:
    at_once(4, tick)
    assert RecurringJob.objects.count() == len(SCHEDULE)


@either_database
def test_without_a_worker_a_job_waits_once(database: str) -> None:
    tick()
    for day in range(1, 4):
        tick(timezone.now() + timedelta(days=day))
    assert ready() == sorted(each.name for each in SCHEDULE)


@either_database
def test_a_clock_that_was_ahead_does_not_stop_a_job_for_ever(database: str) -> None:
    tick(timezone.now() + timedelta(days=400))
    assert len(tick()) == len(SCHEDULE)
    assert all(row.due_at < timezone.now() + timedelta(days=1) for row in RecurringJob.objects.all())


@either_database
def test_a_job_whose_worker_died_is_put_back_and_one_that_kills_workers_is_given_up(database: str) -> None:
    fail.enqueue()
    fail.enqueue()
    now = timezone.now()
    for number in range(MAX_WORKERS_LOST):
        for row in DBTaskResult.objects.ready():
            row.claim(f"worker {number}")
        DBTaskResult.objects.update(started_at=now - LEASE + timedelta(minutes=1))
        tick(now)
        assert DBTaskResult.objects.running().count() == 2  # these may still be at it
        DBTaskResult.objects.update(started_at=now - LEASE - timedelta(minutes=1))
        tick(now)
    assert DBTaskResult.objects.failed().count() == 2
    assert ready() == []


@either_database
def test_a_job_that_fails_stops_no_other(database: str) -> None:
    failing = Recurring(fail, timedelta(hours=1))
    tick(schedule=(failing, *SCHEDULE))
    tick(timezone.now() + timedelta(hours=1), schedule=(failing, *SCHEDULE))
    work(new_worker())
    assert [row.task_path for row in DBTaskResult.objects.failed()] == ["tests.documents.lingering.fail"]
    assert DBTaskResult.objects.successful().count() >= 2
    assert ready() == []


def test_each_job_has_a_name_of_its_own_that_a_row_has_room_for() -> None:
    names = [each.name for each in SCHEDULE]
    assert len(set(names)) == len(names)
    assert timedelta(seconds=10 * jobs.SLICE_S) < LEASE  # who is at it still is not taken for dead
    assert max(map(len, names)) <= (RecurringJob._meta.get_field("name").max_length or 0)
    assert all(getattr(jobs, name).module_path == f"documents.jobs.{name}" for name in names)


# -- the jobs ----------------------------------------------------------------------------------------------------------


@either_database
def test_what_nobody_has_open_is_compacted_and_packed(database: str, ada: User) -> None:
    quiet, busy, short = (Document.objects.create_for(owner=ada) for _ in range(3))
    for document, rows in ((quiet, 200), (busy, 200), (short, 20)):
        write_log(document, typed(rows, author=ada.pk))
    Document.objects.exclude(pk=busy.pk).update(edited_at=timezone.now() - 2 * jobs.QUIET)
    assert do("compact_documents") == [1]
    assert list(DocumentState.objects.values_list("document", "seq")) == [(quiet.pk, 200)]
    assert do("pack_history") == [199]
    assert list(DocumentPiece.objects.values_list("document", "last_seq")) == [(quiet.pk, 199)]


@either_database
def test_the_trash_the_audit_log_and_old_mail_go_when_they_are_too_old(database: str, ada: User, settings: Any) -> None:
    old, young = (Document.objects.create_for(owner=ada, title=title) for title in ("old", "young"))
    now = timezone.now()
    Document.objects.filter(pk=old.pk).update(trashed_at=now - timedelta(days=settings.TRASH_DAYS + 1))
    Document.objects.filter(pk=young.pk).update(trashed_at=now)
    audit.record(AuditEntry.Action.TRASHED, by=ada, obj=young)
    connection.cursor().execute(
        f"UPDATE {AuditEntry._meta.db_table} SET at = %s", [now - timedelta(days=settings.AUDIT_DAYS + 1)]
    )
    letters.write(to="bob@example.org", subject="News", text="There are some.")
    assert sorted(do("empty_trash", "expire_audit_log", "send_letters")) == [1, 1, 1]
    assert list(Document.objects.values_list("title", flat=True)) == ["young"]
    assert [entry.action for entry in AuditEntry.objects.all()] == [AuditEntry.Action.DELETED]
    assert [letter.to for letter in mail.outbox] == [["bob@example.org"]]
    assert Letter.objects.get().sent_at is not None


@either_database
def test_guests_who_left_nothing_are_forgotten_and_no_others(
    database: str, ada: User, person: Person, settings: Any
) -> None:
    document = Document.objects.create_for(owner=ada)
    names = ("silent", "writer", "present", "recent", "member")
    silent, writer, present, recent, member = (person(name, is_guest=name != "member") for name in names)
    before = timezone.now() - timedelta(days=settings.GUEST_DAYS + 1)
    User.objects.exclude(pk=recent.pk).update(date_joined=before)
    DocumentClient.objects.create(document=document, client_id=7, user=writer)
    for user, days in ((present, 1), (silent, -1)):
        session = SessionStore()
        session.create()
        Session.objects.filter(pk=session.session_key).update(expire_date=timezone.now() + timedelta(days=days))
        SignIn.objects.create(user=user, session_id=session.session_key or "", seen_at=before)
    assert set(do("forget_visitors", "clear_sessions")) == {1, None}
    assert set(User.objects.values_list("username", flat=True)) == {"ada", "writer", "present", "recent", "member"}
    assert Session.objects.count() == SignIn.objects.count() == 1
    assert silent.is_guest
    assert not member.is_guest


@either_database
@pytest.mark.parametrize("noted", [True, False], ids=["noted", "packed by the release before"])
def test_a_guest_who_only_deleted_stays_though_their_rows_are_packed(
    database: str, ada: User, person: Person, settings: Any, noted: bool
) -> None:
    """Deletions stand under no client id, and a piece names its authors by number alone."""
    document = Document.objects.create_for(owner=ada)
    rubber, silent = person("rubber", is_guest=True), person("silent", is_guest=True)
    before = timezone.now() - timedelta(days=settings.GUEST_DAYS + 1)
    User.objects.filter(is_guest=True).update(date_joined=before)
    rows = typed(200, author=ada.pk)
    rows[99] = Edit(100, rubber.pk, rows[99].at, rows[99].payload)
    rows[98] = Edit(99, 2**31, rows[98].at, rows[98].payload)  # somebody who is deleted
    write_log(document, [row for row in rows if row.seq != 99])
    document.updates.create(seq=99, created_at=rows[98].at, payload=rows[98].payload)
    asyncio.run(compact(document.pk))
    assert packing.pack(document.pk).rows == 199
    if not noted:
        DocumentAuthor.objects.all().delete()
        DocumentPiece.objects.update(authors_noted=False)
    assert do("forget_visitors") == [1]
    assert not User.objects.filter(pk=silent.pk).exists()
    found = history.edits(document.pk, upto=200)
    authors = {edit.author for edit in found if edit.author is not None}
    assert User.objects.filter(pk__in=authors).count() == len(authors) == 2
    DocumentPiece.objects.update(authors_noted=False, payload=b"damaged")
    another = person("another", is_guest=True)
    User.objects.filter(pk=another.pk).update(date_joined=before)
    assert do("forget_visitors") == [0]  # it may be they who wrote it


@either_database
def test_a_clock_that_is_ahead_deletes_nothing_early_and_repeats_no_job(
    database: str, ada: User, person: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's clock counts, and it is right."""
    real = timezone.now
    silent = person("silent", is_guest=True)
    session = SessionStore()
    session.create()
    audit.record(AuditEntry.Action.TRASHED, by=ada)
    fail.enqueue()
    DBTaskResult.objects.get().claim("a worker")
    document = Document.objects.create_for(owner=ada)
    days = max(settings.TRASH_DAYS, settings.AUDIT_DAYS, settings.GUEST_DAYS, 365) + 1
    trash(by=ada, document=document)
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(days=days))
    tick()
    assert DBTaskResult.objects.get().status == TaskResultStatus.RUNNING
    for job in (jobs.empty_trash, jobs.expire_audit_log, jobs.forget_visitors, jobs.clear_sessions):
        assert not job.call()
    call_command("empty_trash")
    assert Document.objects.filter(pk=document.pk).exists()
    assert User.objects.filter(pk=silent.pk).exists()
    assert Session.objects.count() == 1
    assert AuditEntry.objects.count() == 2
    Document.objects.update(trashed_at=None)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real() - timedelta(days=days))
        trash(by=ada, document=document)  # by a process whose clock is behind
    assert jobs.empty_trash.call() == 0
    assert abs(database_now() - real()) < timedelta(seconds=30)


@either_database
def test_what_is_known_of_jobs_that_are_done_is_forgotten(database: str) -> None:
    fail.enqueue()
    work(new_worker())
    DBTaskResult.objects.update(finished_at=timezone.now() - jobs.RESULTS_KEPT - timedelta(hours=1))
    due("forget_results")
    work(new_worker())
    assert [row.task_path for row in DBTaskResult.objects.all()] == ["documents.jobs.forget_results"]


@either_database
def test_a_job_ends_in_time_and_goes_on_with_the_next_run(
    database: str, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE_S", -1.0)
    for _ in range(2):
        document = Document.objects.create_for(owner=ada)
        write_log(document, typed(100))
    Document.objects.update(edited_at=timezone.now() - 2 * jobs.QUIET)
    assert jobs.compact_documents.call() == 1
    assert jobs.compact_documents.call() == 1
    assert jobs.compact_documents.call() == 0


@either_database
def test_servers_leave_compaction_to_workers_unless_these_are_behind(database: str, ada: User, settings: Any) -> None:
    document = Document.objects.create_for(owner=ada)
    write_log(document, typed(600, author=ada.pk))
    assert not jobs.leave_to_worker(document.pk, 0)  # it is embedded: they do it themselves, at once
    settings.BACKGROUND = "worker"
    assert jobs.leave_to_worker(document.pk, 0)
    assert jobs.leave_to_worker(document.pk, 0)
    assert ready() == ["compact_document"]  # asked for once
    assert not jobs.leave_to_worker(document.pk, 4 * settings.COLLAB["COMPACT_AFTER_BYTES"])
    work(new_worker())
    assert document.states.get().seq == 600
    Document.objects.filter(pk=document.pk).update(head_seq=600 + 4 * settings.COLLAB["COMPACT_AFTER_UPDATES"])
    assert not jobs.leave_to_worker(document.pk, 0)
    assert jobs.leave_to_worker(document.pk, 0, folded=2 * settings.COLLAB["COMPACT_AFTER_BYTES"])  # so large a one may


def test_a_large_document_is_due_as_much_later_as_it_is_larger(settings: Any) -> None:
    limits = settings.COLLAB
    rows, size = limits["COMPACT_AFTER_UPDATES"], limits["COMPACT_AFTER_BYTES"]
    for folded, scale in ((0, 1), (size, 1), (3 * size, 3)):
        assert not jobs.is_due(scale * rows - 1, scale * size - 1, limits, folded=folded)
        assert jobs.is_due(scale * rows, 0, limits, folded=folded)
        assert jobs.is_due(0, scale * size, limits, folded=folded)
        assert not jobs.is_due(4 * scale * rows - 1, 0, limits, folded=folded, times=4)


# -- processes ---------------------------------------------------------------------------------------------------------


@contextmanager
def worker_process(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """`manage.py work` on the database of this test."""
    env = app_env(database_url=url_of_database(), env={"COSCRIBE_BACKGROUND": "worker", "PYTHONPATH": str(ROOT)})
    command = [sys.executable, "manage.py", "work"]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


def url_of_database() -> str:
    config = connections["default"].settings_dict
    if config["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{config['NAME']}"
    return f"postgres://{config['USER']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


def has_begun(folder: Path) -> bool:
    """Whether a `linger` there has begun, and written so."""
    return (folder / "begun").exists() and (folder / "begun").read_text() != ""


def wait_for(true: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "nothing happened in time"
        time.sleep(0.02)


@either_database
def test_a_job_whose_worker_was_killed_in_the_middle_is_done_by_the_next(database: str, tmp_path: Path) -> None:
    linger.enqueue(str(tmp_path))
    with worker_process(tmp_path) as process:
        wait_for(lambda: has_begun(tmp_path))
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    left = DBTaskResult.objects.get()
    assert left.status == TaskResultStatus.RUNNING
    (tmp_path / "go on").touch()
    work(new_worker())
    left.refresh_from_db()
    assert left.status == TaskResultStatus.RUNNING  # its lease is not over: who has it may be slow, and not dead
    DBTaskResult.objects.update(started_at=timezone.now() - LEASE - timedelta(seconds=1))
    work(new_worker())
    left.refresh_from_db()
    assert (left.status, left.return_value) == (TaskResultStatus.SUCCESSFUL, 2)


@either_database
def test_a_worker_that_is_asked_to_end_finishes_its_job_first(database: str, tmp_path: Path) -> None:
    linger.enqueue(str(tmp_path))
    with worker_process(tmp_path) as process:
        wait_for(lambda: has_begun(tmp_path))
        process.send_signal(signal.SIGTERM)
        wait_for(lambda: "shutting down" in (tmp_path / "log").read_text())
        (tmp_path / "go on").touch()
        assert process.wait(30) == 0
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


def test_one_process_does_it_all_and_saves_though_the_queue_is_broken(sqlite_url: str, start_app: StartApp) -> None:
    """`make run`: background work on a thread of the server; and what breaks there reaches nobody who writes."""
    made = seed.run(
        """
from documents.models import RecurringJob
from documents.schedule import tick
ada = person("ada")
document = Document.objects.create_for(owner=user("ada"))
old = Document.objects.create_for(owner=user("ada"))
Document.objects.filter(pk=old.pk).update(trashed_at=timezone.now() - timedelta(days=400))
tick()
RecurringJob.objects.filter(name="empty_trash").update(due_at=timezone.now())
result = {"ada": ada["session"], "document": str(document.pk), "old": str(old.pk)}
""",
        database_url=sqlite_url,
    )
    server = start_app("daphne", database_url=sqlite_url)

    def count(table: str) -> int:
        found: int = seed.run(
            f"result = connection.cursor().execute('SELECT count(*) FROM {table}').fetchone()[0]",
            database_url=sqlite_url,
        )
        return found

    async def write() -> None:
        ada = await Scribe(server.ws_url, made["ada"], made["document"]).join()
        await ada.type("before ")
        await ada.saved()
        async with asyncio.timeout(PATIENCE_S):
            while await asyncio.to_thread(count, "documents_document") == 2:
                await asyncio.sleep(0.1)
        await asyncio.to_thread(
            seed.run,
            "result = connection.cursor().execute('DROP TABLE django_tasks_database_dbtaskresult') and 0",
            database_url=sqlite_url,
        )
        async with asyncio.timeout(PATIENCE_S):
            while "background work stands still" not in server.log.read_text():
                await asyncio.sleep(0.1)
        await ada.type("and after")
        await ada.saved()
        await ada.close()

    asyncio.run(write())
