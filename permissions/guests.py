"""Guests: people who came by a link and have no account. They have a made-up name, which they may change.

A guest is a row of `User`, so what they write is attributed like anybody's. They have what links give and nothing else:
no password, no list, no rows of their own (`access` gives them none), and nobody finds them by name.
"""

import secrets

from django.db import router, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import links
from .errors import BadGuestName, GuestsComeByLink
from .models import CARET_COLORS, Guarded, User
from .signals import announce

NAME_LENGTH = User._meta.get_field("name").max_length or 80
USERNAME_BYTES = 12  # of chance: nobody types it, and no two guests share one

# Each manner goes with each animal, in every language: where words have a gender, translate to animals of one.
MANNERS = (
    gettext_lazy("Quiet %(animal)s"), gettext_lazy("Swift %(animal)s"), gettext_lazy("Bright %(animal)s"),
    gettext_lazy("Gentle %(animal)s"), gettext_lazy("Curious %(animal)s"), gettext_lazy("Cheerful %(animal)s"),
    gettext_lazy("Patient %(animal)s"), gettext_lazy("Brave %(animal)s"), gettext_lazy("Early %(animal)s"),
    gettext_lazy("Wandering %(animal)s"), gettext_lazy("Thoughtful %(animal)s"), gettext_lazy("Nimble %(animal)s"),
)  # fmt: skip
ANIMALS = (
    gettext_lazy("Heron"), gettext_lazy("Otter"), gettext_lazy("Lynx"), gettext_lazy("Sparrow"),
    gettext_lazy("Badger"), gettext_lazy("Falcon"), gettext_lazy("Hare"), gettext_lazy("Wren"),
    gettext_lazy("Fox"), gettext_lazy("Puffin"), gettext_lazy("Seal"), gettext_lazy("Marten"),
    gettext_lazy("Crane"), gettext_lazy("Hedgehog"), gettext_lazy("Swan"), gettext_lazy("Salmon"),
    gettext_lazy("Beaver"), gettext_lazy("Kingfisher"), gettext_lazy("Ibex"), gettext_lazy("Dormouse"),
)  # fmt: skip


def make_up_name() -> str:
    """A name for somebody who gives none, in the language of the request: "Quiet Heron"."""
    return str(secrets.choice(MANNERS)) % {"animal": secrets.choice(ANIMALS)}


def welcome(*, obj: Guarded, name: str, key: str = "", password: str = "") -> User:
    """A new guest, who has come in by the link of `obj`: both or neither.

    Raises `BadGuestName`, and as `links.enter` does.
    """
    name = read_name(name or make_up_name())
    links.check(obj, key=key, password=password, guest=True)
    with transaction.atomic(using=router.db_for_write(User)):
        guest = User(name=name, username=f"guest-{secrets.token_hex(USERNAME_BYTES)}", is_guest=True)
        guest.set_unusable_password()
        guest.save()
        guest.color = CARET_COLORS[guest.pk % len(CARET_COLORS)]
        guest.save(update_fields=["color"])
        links.make_pass(person=guest, obj=obj, key=key)
    return guest


def rename(guest: User, name: str) -> None:
    """Change what a guest is called; open documents show it. Raises `BadGuestName`, `ValueError` for an account."""
    if not guest.is_guest:
        raise ValueError("Expected a guest: people change their name on the account page.")
    guest.name = read_name(name)
    with transaction.atomic():
        guest.save(update_fields=["name"])
        announce(User, guest.pk)


def read_name(text: str) -> str:
    """The name somebody typed, in one line. Raises `BadGuestName` for none, or for one that is too long."""
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not name:
        raise BadGuestName(_("Say how you want to be called."))
    if len(name) > NAME_LENGTH:
        raise BadGuestName(_("A name has at most %(n)d letters.") % {"n": NAME_LENGTH})
    return name


def refuse(to: object) -> None:
    """For verbs that give something by name. Raises `GuestsComeByLink` when `to` is a guest."""
    if isinstance(to, User) and to.is_guest:
        raise GuestsComeByLink(to.display_name)
