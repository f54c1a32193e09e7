"""Access tokens: what programs show in place of a session.

A token is `coscribe_`, 30 letters out of 62 by chance (178 bits), and their checksum in six more, by which a scanner
of secrets knows one that was published. Nobody guesses that many bits, so a fast hash is enough to keep it by; and the
hash is looked up whatever was shown, so that a token which nobody has costs what any other does.
"""

import hashlib
import secrets
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import DatabaseError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import AccessToken, Scope, User
from .signals import announce

PREFIX = "coscribe_"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHANCE_LENGTH = 30
CHECKSUM_LENGTH = 6
MAX_TOKENS = 50  # of one person: a name for each is still told from the others
MAX_SHOWN = 512  # letters of what is shown that are looked at
SEEN_INTERVAL = timedelta(minutes=1)  # how exactly "last used" is known


class TooManyTokens(Exception):
    """A person has as many tokens as anybody may have; composes a sentence for people."""

    def __init__(self) -> None:
        super().__init__(_("You have %(n)d tokens, which is the most: revoke one first.") % {"n": MAX_TOKENS})


def make(*, person: User, name: str, scope: Scope, expires_at: datetime | None) -> str:
    """Make a token; what is returned is its only copy. Raises `TooManyTokens`."""
    chance = "".join(secrets.choice(LETTERS) for _letter in range(CHANCE_LENGTH))
    secret = PREFIX + chance + checksum(chance)
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=person.pk).values_list("pk"))  # one after the other
        if person.tokens.count() >= MAX_TOKENS:
            raise TooManyTokens
        person.tokens.create(name=name, scope=scope, digest=digest(secret), expires_at=expires_at)
    return secret


def find(secret: str) -> AccessToken | None:
    """The token that was shown: see `find_all`."""
    return find_all([secret]).get(secret)


def find_all(secrets: Collection[str]) -> dict[str, AccessToken]:
    """Those of what was shown that are tokens, have not expired, and whose person is not deactivated.

    That they were used is noted. Their `user` may do as much as the token may (`User.most`).
    """
    digests = {secret: digest(secret[:MAX_SHOWN]) for secret in secrets}
    if not digests:
        return {}
    found = {each.digest: each for each in valid().select_related("user").filter(digest__in=set(digests.values()))}
    if found:
        note([each.pk for each in found.values()])
    for each in found.values():
        each.user.most = each.most
    return {secret: found[each] for secret, each in digests.items() if each in found}


def valid() -> models.QuerySet[AccessToken]:
    """The tokens that open anything now."""
    unexpired = models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=timezone.now())
    return AccessToken.objects.filter(unexpired, user__is_active=True)


def writing(tokens: Collection[int]) -> set[tuple[int, int]]:
    """Those of these tokens by which somebody may write now, each with its person's number."""
    return set(valid().filter(pk__in=tokens, scope=Scope.WRITE).values_list("pk", "user_id"))


def note(tokens: Collection[int]) -> None:
    """These tokens are in use; written down at most once a minute."""
    now = timezone.now()
    used = AccessToken.objects.filter(pk__in=tokens)
    late = used.filter(models.Q(seen_at__isnull=True) | models.Q(seen_at__lt=now - SEEN_INTERVAL))
    try:
        with transaction.atomic():
            if due := list(late.values_list("pk", flat=True)):
                AccessToken.objects.filter(pk__in=due).update(seen_at=now)
    except DatabaseError:  # the database is busy: no reason to let nobody in
        pass


def of(person: User) -> models.QuerySet[AccessToken]:
    """Somebody's tokens, those that have expired included, the newest first."""
    return person.tokens.order_by("-created_at", "-pk")


def revoke(tokens: models.QuerySet[AccessToken]) -> int:
    """Revoke these tokens. Their sockets close once this is committed. How many there were."""
    with transaction.atomic():
        found = list(tokens.values_list("pk", "user_id"))
        AccessToken.objects.filter(pk__in=[pk for pk, _user in found]).delete()
        for user in {user for _pk, user in found}:
            announce(User, user)
    return len(found)


def read_bearer(header: str) -> str | None:
    """What an `Authorization` header shows as a bearer's token (RFC 6750); None when it shows none."""
    scheme, _space, secret = header.strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def digest(secret: str) -> str:
    """What a token is kept and found by."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def checksum(chance: str) -> str:
    """CRC-32 in base 62, for scanners: it protects nothing."""
    number, found = zlib.crc32(chance.encode()), ""
    while len(found) < CHECKSUM_LENGTH:
        number, place = divmod(number, len(LETTERS))
        found = LETTERS[place] + found
    return found
