"""A notice as a mail: in the words and the language of whoever gets it, with a way out of it that is one click."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from . import letters
from .errors import ROLE_NAMES
from .letters import one_line
from .models import Guarded, Letter, Notice, User
from .roles import Role
from .whence import site_address

Kind = Notice.Kind

SALT = "coscribe.unsubscribe"
SAME_AGAIN = timedelta(minutes=10)  # the same news about the same thing is not mailed more often
TOPIC = "notice:"
OF_EACH_ACTOR = (Kind.REQUESTED, Kind.CLAIMED)  # two people who ask are two notices


def write(notices: Sequence[Notice], people: Sequence[User], obj: Guarded | None) -> None:
    """Letters about these notices (one for each of the people, in their order), in the caller's transaction.

    None to somebody who muted the kind, has no address, or has had `LETTERS_PER_HOUR` in this hour.
    """
    pairs = [
        (notice, person)
        for notice, person in zip(notices, people, strict=True)
        if person.email and notice.kind not in person.muted
    ]
    if not pairs:
        return
    had = _had_in_this_hour([person.email for _notice, person in pairs])
    told = _told_lately([topic_of(notice) for notice, _person in pairs])
    drafts = [_draft(notice, person, obj) for notice, person in pairs if had[person.email] < settings.LETTERS_PER_HOUR]
    for draft in drafts:
        if draft.topic in told:
            draft.due_at = told[draft.topic] + SAME_AGAIN
    letters.deliver(drafts)


def topic_of(notice: Notice) -> str:
    """What a letter about it is filed under."""
    actor = notice.actor_id if notice.kind in OF_EACH_ACTOR else ""
    return f"{TOPIC}{notice.user_id}:{notice.kind}:{notice.object_id or ''}:{actor or ''}"


def unsubscribe_token(person: User, kind: str) -> str:
    """What a link shows to stop mails of this kind: works for ever, and does nothing else."""
    return signing.dumps([person.pk, kind], salt=SALT)


def read_unsubscribe_token(token: str) -> tuple[int, Notice.Kind] | None:
    """Whose mails of which kind; None for what we did not write."""
    try:
        person, kind = signing.loads(token, salt=SALT)
        return int(person), Kind(kind)
    except (signing.BadSignature, ValueError, TypeError):
        return None


def sentence_of(notice: Notice) -> str:
    """What happened, in the language that is active: one line."""
    return _pattern(Kind(notice.kind), notice.role) % {
        "actor": one_line(notice.actor_name) or _("Somebody"),
        "title": one_line(notice.object_name) or _("Untitled"),
        "role": ROLE_NAMES[Role(notice.role)] if notice.role is not None else "",
    }


def _pattern(kind: Notice.Kind, role: int | None) -> str:
    if kind is Kind.SHARED:
        return _("%(actor)s shared “%(title)s” with you (%(role)s)")
    if kind is Kind.CHANGED:
        return (
            _("You have no access to “%(title)s” any more") if role is None
            else _("Your role in “%(title)s” is now: %(role)s")
        )  # fmt: skip
    if kind is Kind.REQUESTED:
        return _("%(actor)s asks for access to “%(title)s” (%(role)s)")
    if kind is Kind.ANSWERED:
        return (
            _("%(actor)s does not give you access to “%(title)s”") if role is None
            else _("%(actor)s gave you access to “%(title)s” (%(role)s)")
        )  # fmt: skip
    if kind is Kind.CLAIMED:
        return _("%(actor)s accepted your invitation to “%(title)s”")
    if role is None:
        return _("%(actor)s does not want to own “%(title)s”")
    if role < Role.OWNER:
        return _("%(actor)s is now the owner of “%(title)s”")
    return _("%(actor)s wants to make you the owner of “%(title)s”")


def _draft(notice: Notice, person: User, obj: Guarded | None) -> Letter:
    leave = site_address(reverse("unsubscribe", args=[unsubscribe_token(person, notice.kind)]))
    lost = notice.kind == Kind.CHANGED and notice.role is None
    with translation.override(person.language or settings.LANGUAGE_CODE):
        subject = sentence_of(notice)
        context = {
            "person": one_line(person.display_name),
            "sentence": subject,
            "link": "" if obj is None or lost else site_address(obj.get_absolute_url()),
            "kind": Kind(notice.kind).label,
            "leave": leave,
        }
        text = render_to_string("permissions/notice_mail.txt", context)
    headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}  # RFC 8058
    return letters.draft(to=person.email, subject=subject, text=text, headers=headers, topic=topic_of(notice))


def _had_in_this_hour(addresses: Sequence[str]) -> Counter[str]:
    hour = timezone.now() - timedelta(hours=1)
    written = Letter.objects.filter(to__in=addresses, topic__startswith=TOPIC, made_at__gt=hour).order_by()
    return Counter(dict(written.values_list("to").annotate(Count("pk"))))


def _told_lately(topics: Sequence[str]) -> dict[str, datetime]:
    """When topics that were mailed, or tried, a moment ago were."""
    recent = Letter.objects.filter(topic__in=topics, tries__gt=0, made_at__gt=timezone.now() - SAME_AGAIN)
    return dict(recent.order_by("made_at").values_list("topic", "made_at"))
