"""Mails that are written with what they tell of, and sent later.

A letter is a row, written in the transaction of the act: there is none of an act that did not happen, and none is lost
with a process. It is sent after the commit on the mail thread (`mail`), tried again with growing pauses, and given up
after `LETTER_TRIES`. Sending is at least once: who died between sending and saying so sends again.
"""

import email.message
import email.policy
import logging
import smtplib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections, router, transaction
from django.db.models import Count, F, Min
from django.utils import timezone

from . import mail
from .models import Letter

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # one try takes at most this long: each word with a mail server may take 20 s
LONGEST_PAUSE_S = 24 * 3600
PAUSE_GROWS = 4
MAX_SUBJECT = 200
KEPT_FOR = timedelta(days=7)  # of letters that are done: for an operator who looks for one
LINKS = ("List-Unsubscribe",)


@dataclass(frozen=True, slots=True)
class Round:
    """What became of the letters of one round."""

    sent: int
    failed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Letters that are to be sent, in all processes; `late_s`: for how long the oldest of them is due."""

    count: int
    late_s: float


class Unfolded(email.policy.EmailPolicy):
    """Writes links in headers as they are. One that is longer than a line would be encoded (RFC 2047) otherwise, and no
    mail program reads an encoded `List-Unsubscribe`.
    """

    def fold(self, name: str, value: Any) -> str:
        if name in LINKS:
            return f"{name}: {value}{self.linesep}"  # RFC 5322, section 2.1.1: up to 998 characters
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode() if name in LINKS else super().fold_binary(name, value)


class Mail(EmailMessage):
    """A letter as Django sends it."""

    def message(self, **options: Any) -> email.message.EmailMessage:
        made = super().message(**options)
        made.policy = Unfolded(linesep=made.policy.linesep)
        return made


def write(*, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None, topic: str = "") -> None:
    """A letter to this address, in the caller's transaction; it is on its way after the commit.

    Of a `topic` the newest letter takes the place of one that was not tried yet. Line breaks in the subject and the
    headers become spaces.
    """
    deliver([draft(to=to, subject=subject, text=text, headers=headers, topic=topic)])


def draft(*, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None, topic: str = "") -> Letter:
    """A letter that is not written yet: for `deliver`. Arguments as of `write`."""
    return Letter(
        to=to,
        subject=one_line(subject)[:MAX_SUBJECT],
        text=text,
        headers={"Auto-Submitted": "auto-generated"}  # RFC 3834: no answering machine answers
        | {name: one_line(value) for name, value in (headers or {}).items()},
        topic=topic,
        due_at=timezone.now(),
    )


def deliver(letters: list[Letter]) -> None:
    """Write these, in the caller's transaction."""
    topics = [letter.topic for letter in letters if letter.topic]
    with transaction.atomic(using=router.db_for_write(Letter)):
        withdraw(topics)
        Letter.objects.bulk_create(letters)
        transaction.on_commit(wake)


def withdraw(topics: list[str]) -> None:
    """Take back the letters of these topics that nobody has tried to send yet."""
    if topics:
        Letter.objects.filter(topic__in=topics, tries=0, due_at__isnull=False).delete()


def wake() -> None:
    """See to it that what is due is sent, soon and elsewhere. Costs nothing; from any thread."""
    mail.soon(send_due)


def send_due() -> Round:
    """Send what is due. Several processes may do so at the same time: each letter is taken by one.

    Ends early when the mail server does not answer: what is left stays due.
    """
    forget_done()
    sent = failed = 0
    while (letter := _take()) is not None:
        error = _send(letter)
        if error is None:
            sent += 1
            Letter.objects.filter(pk=letter.pk).update(due_at=None, sent_at=timezone.now(), text="")
            continue
        failed += 1
        _put_back(letter, error)
        if _is_down(error):
            break
    return Round(sent, failed)


def waiting() -> Waiting:
    """What is to be sent now."""
    found = Letter.objects.filter(due_at__isnull=False).aggregate(count=Count("pk"), oldest=Min("due_at"))
    late_s = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Waiting(found["count"], max(0.0, late_s))


def forget_done() -> None:
    """Delete letters that were sent or given up a while ago."""
    old = Letter.objects.filter(due_at__isnull=True, made_at__lt=timezone.now() - KEPT_FOR)
    if old.exists():  # else every round would write
        old.delete()


def one_line(text: str) -> str:
    """Without line breaks and other control characters: a header of its own would begin behind them."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _take() -> Letter | None:
    """The next letter that is due, ours until its lease is over."""
    using = router.db_for_write(Letter)
    locks = connections[using].features.has_select_for_update_skip_locked
    while True:
        now = timezone.now()
        with transaction.atomic(using=using) if locks else nullcontext():
            due = Letter.objects.using(using).filter(due_at__lte=now).order_by("due_at", "pk")
            letter = (due.select_for_update(skip_locked=True) if locks else due).first()
            if letter is None:
                return None
            # Where rows cannot be locked, of two who read the same row one finds it changed here.
            as_read = Letter.objects.using(using).filter(pk=letter.pk, due_at=letter.due_at, tries=letter.tries)
            if as_read.update(due_at=now + LEASE, tries=F("tries") + 1):
                letter.tries += 1
                return letter


def _send(letter: Letter) -> Exception | None:
    message = Mail(letter.subject, letter.text, to=[letter.to], headers=letter.headers)
    try:
        message.send()
    except Exception as error:  # noqa: BLE001 - whatever a mail server, or what stands in for one, says
        return error
    return None


def _put_back(letter: Letter, error: Exception) -> None:
    if letter.tries >= settings.LETTER_TRIES or _is_final(error):
        logger.error("letter %d is given up after %d tries (%s)", letter.pk, letter.tries, type(error).__name__)
        Letter.objects.filter(pk=letter.pk).update(due_at=None, text="")
        return
    pause = timedelta(seconds=min(settings.LETTER_PAUSE_S * PAUSE_GROWS ** (letter.tries - 1), LONGEST_PAUSE_S))
    logger.warning("letter %d was not sent (%s): again in %s", letter.pk, type(error).__name__, pause)
    Letter.objects.filter(pk=letter.pk).update(due_at=timezone.now() + pause)


def _is_final(error: Exception) -> bool:
    """Whether the mail server will say the same tomorrow (RFC 5321, section 4.2.1: 5xx about this letter)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _is_down(error: Exception) -> bool:
    """Whether it is the server that failed, and not this letter: the next one would fail as well."""
    about_one = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused)
    return isinstance(error, OSError) and not isinstance(error, about_one)  # also what smtplib raises
