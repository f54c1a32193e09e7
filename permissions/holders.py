"""Who is meant by what somebody types: a user name, a group one is in, or an e-mail address.

An address is nobody's but one's own: whether or not it has an account, it is invited (`invitations`). Were it a person
to those who share something with them, sharing with a guessed user name would tell whether a guessed address is theirs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models.functions import Lower

from .acquaintances import own_groups
from .errors import NoAddress, NobodyCalled, NobodyNamed, SharingError
from .models import User

MAX_TEXT_CHARACTERS = 254  # of an address; no name is longer


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address, in lower case, of which nobody says whose it is."""

    email: str


type Holder = User | Group | Address


def holder_named(text: str, *, asked_by: User) -> Holder:
    """Who is meant. Raises `NobodyNamed`, `NobodyCalled`, `NoAddress`."""
    found = holders_named([text], asked_by=asked_by)[text]
    if isinstance(found, SharingError):
        raise found
    return found


def holders_named(texts: Iterable[str], *, asked_by: User) -> dict[str, Holder | SharingError]:
    """For each text who is meant, or what is wrong with it. Two queries, however many they are and whoever exists."""
    keys = {text: _key(text) for text in texts}
    wanted = {key for key in keys.values() if key}
    users = User.objects.filter(is_active=True, is_guest=False)
    by_username = {
        user.username.lower(): user
        for user in users.alias(low=Lower("username")).filter(low__in=[key for key in wanted if "@" not in key])
    }
    own = {asked_by.email.lower(): asked_by}
    by_name = {str(group.shown).lower(): group for group in own_groups(asked_by).select_related("team").order_by("-pk")}
    return {
        text: _meant(text, key, by_username.get(key) or own.get(key) or by_name.get(key)) for text, key in keys.items()
    }


def holder_of(kind: str, pk: int) -> User | Group | None:
    """The one a share names by its number: a `user`, a `group`."""
    model: type[User] | type[Group] = Group if kind == "group" else User
    return model._default_manager.filter(pk=pk).first()


def read_address(text: str) -> str:
    """The address in lower case. Raises `NoAddress`."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise NoAddress(text.strip()) from None
    if len(email) > MAX_TEXT_CHARACTERS:
        raise NoAddress(text.strip())
    return email


def _meant(text: str, key: str, found: User | Group | None) -> Holder | SharingError:
    if not key:
        return NobodyNamed()
    if found is not None:
        return found
    if "@" not in key:
        return NobodyCalled(text.strip())
    try:
        return Address(read_address(key))
    except NoAddress as error:
        return error


def _key(text: str) -> str:
    """What is looked for: no case, no spaces around; an address may have come as `Ada <ada@example.org>`."""
    text = " ".join(text.replace("\0", "").encode(errors="ignore").decode().split())
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1].strip()
    return text.lower()[: MAX_TEXT_CHARACTERS + 1]
