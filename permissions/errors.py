"""What can be wrong with an act of sharing. Each error composes a sentence for people."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .roles import Role

ROLE_NAMES = {
    Role.VIEWER: gettext_lazy("viewer"),
    Role.COMMENTER: gettext_lazy("commenter"),
    Role.EDITOR: gettext_lazy("editor"),
    Role.OWNER: gettext_lazy("owner"),
}


class SharingError(Exception):
    """An act of sharing that was refused; nothing was changed."""


class NotAllowed(SharingError):
    """The actor does not have the role the act needs (any more)."""

    def __init__(self, role: Role | None, needed: Role) -> None:
        self.role = role
        self.needed = needed
        if role is None:
            sentence = _("This needs the role %(needed)s; you have no access.") % {"needed": ROLE_NAMES[needed]}
        else:
            roles = {"needed": ROLE_NAMES[needed], "role": ROLE_NAMES[role]}
            sentence = _("This needs the role %(needed)s; yours is %(role)s.") % roles
        super().__init__(sentence)


class LastOwner(SharingError):
    """The act would leave the object without an owner who can sign in."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s is the last owner: make somebody else an owner first.") % {"name": name})


class NotAMember(SharingError):
    """The person or group has no access of its own that could be changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s has no access of their own here.") % {"name": name})


class GuestsComeByLink(SharingError):
    """Somebody without an account was to be given something by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            _("%(name)s is a guest: only people with an account can be given access by name.") % {"name": name}
        )


class LinkForbidden(SharingError):
    """The operator lets links give less than that, or nothing."""

    def __init__(self, most: Role | None) -> None:
        self.most = most
        if most is None:
            sentence = _("Links are switched off on this server: documents are shared with named people only.")
        else:
            sentence = _("On this server a link makes nobody more than %(role)s.") % {"role": ROLE_NAMES[most]}
        super().__init__(sentence)


class BadLink(SharingError):
    """A part of a link's setting that cannot be: `field` is `expires_at` or `password`."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence)


class NoEntrance(SharingError):
    """The link offers nothing to whoever came by it, or not any more."""

    def __init__(self) -> None:
        super().__init__(_("This link does not open anything any more. Ask for a new one."))


class WrongPassword(SharingError):
    """Not the password of the link."""

    def __init__(self) -> None:
        super().__init__(_("That is not the password."))


class BadGuestName(SharingError):
    """Not a name that a guest can have."""

    field = "name"


class NobodyCalled(SharingError):
    """No active account has this user name, and no group that the asker is in has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_('Nobody here is called "%(name)s".') % {"name": name[:80]})


class NoAddress(SharingError):
    """What looks like an e-mail address is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(_('"%(text)s" is not an e-mail address.') % {"text": text[:80]})


class UnknownAddress(SharingError):
    """An address where only people can stand; the same whether or not it has an account."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            _("A group is made of accounts: give the user name in place of %(address)s.") % {"address": address[:80]}
        )


class NobodyNamed(SharingError):
    """An act of sharing that names nobody."""

    def __init__(self) -> None:
        super().__init__(_("Say whom: a user name or an e-mail address."))


class TooManyNames(SharingError):
    """More people at once than anybody means to add."""

    def __init__(self, count: int, most: int) -> None:
        self.count = count
        self.most = most
        super().__init__(
            _("%(count)d at once are too many: at most %(most)d. Nobody was added.") % {"count": count, "most": most}
        )


class NamesRefused(SharingError):
    """Some of the names given cannot be given access, so nobody was. `refused`: each such name, and why."""

    def __init__(self, refused: dict[str, str]) -> None:
        self.refused = refused
        first = next(iter(refused.values()))
        if len(refused) == 1:
            super().__init__(_("%(sentence)s Nobody was added.") % {"sentence": first})
        else:
            values = {"n": len(refused), "sentence": first}
            super().__init__(_("%(n)d names cannot be added, so nobody was. The first: %(sentence)s") % values)


class NotByAddress(SharingError):
    """An address was to be made an owner: whose it is shows only when somebody claims it."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            _("%(address)s cannot be invited as an owner: invite as an editor, and hand over later.")
            % {"address": address[:80]}
        )


class TooManyInvitations(SharingError):
    """More invitations than a person may make in a day, or than may be open for one object."""

    def __init__(self, most: int, *, a_day: bool) -> None:
        self.most = most
        self.a_day = a_day
        if a_day:
            sentence = _("You can invite %(most)d people a day, and did: go on tomorrow.")
        else:
            sentence = _("%(most)d invitations are open here, which is the most: take some back first.")
        super().__init__(sentence % {"most": most})


class NoInvitation(SharingError):
    """No invitation has this secret, or this number here."""

    def __init__(self) -> None:
        super().__init__(_("There is no such invitation: a part of the link may be missing."))


class InvitationOver(SharingError):
    """An invitation that was open once."""


class InvitationUsed(InvitationOver):
    def __init__(self, maker: str) -> None:
        super().__init__(_("This invitation was used already. Ask %(name)s for another one.") % {"name": maker})


class InvitationRevoked(InvitationOver):
    def __init__(self) -> None:
        super().__init__(_("This invitation was taken back."))


class InvitationExpired(InvitationOver):
    def __init__(self, maker: str) -> None:
        super().__init__(_("This invitation was open for too long. Ask %(name)s for another one.") % {"name": maker})


class InvitationToTrash(InvitationOver):
    def __init__(self) -> None:
        super().__init__(_("What you were invited to is in the trash."))


class MakerCannot(SharingError):
    """Who made the invitation may not give its role now."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            _("%(name)s, who invited you, may not give access any more. Ask whoever owns it now.") % {"name": name}
        )


class WrongAddress(SharingError):
    """An invitation for another address. `shown`: as much of that as tells its owner."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        super().__init__(
            _("This invitation is for %(address)s, which is not the address of your account.") % {"address": shown}
        )


class CannotAsk(SharingError):
    """There is nothing here that this person may know of."""

    def __init__(self) -> None:
        super().__init__(_("There is no such thing here, or it was not shared with you."))


class HasAccess(SharingError):
    """Somebody asks for a role that they have."""

    def __init__(self, role: Role) -> None:
        self.role = role
        super().__init__(_("You have access already: your role is %(role)s.") % {"role": ROLE_NAMES[role]})


class AskedAlready(SharingError):
    """Somebody asks again while nobody has answered."""

    def __init__(self) -> None:
        super().__init__(_("You have asked already; the owners have not answered yet."))


class AskedTooOften(SharingError):
    """Somebody asks again soon after a refusal, or asks for many things a day."""

    def __init__(self, *, days: int | None = None) -> None:
        self.days = days
        if days is None:
            super().__init__(_("You have asked for many documents today: go on tomorrow."))
        else:
            super().__init__(_("Your request was declined. You can ask again after %(days)d days.") % {"days": days})


class WordsTooLong(SharingError):
    def __init__(self, count: int, most: int) -> None:
        self.count = count
        self.most = most
        super().__init__(
            _("A message has at most %(most)d characters; this one has %(n)d.") % {"most": most, "n": count}
        )


class NoRequest(SharingError):
    def __init__(self) -> None:
        super().__init__(_("There is no such request here."))


class AnsweredAlready(SharingError):
    """Another owner was first."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s has answered this already.") % {"name": name or _("Somebody")})


class IsDeactivated(SharingError):
    """An account that cannot sign in was to be given something."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("The account of %(name)s is deactivated.") % {"name": name})


class InTrash(SharingError):
    def __init__(self) -> None:
        super().__init__(_("It is in the trash: an owner has to take it out first."))


class IsOwner(SharingError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s is an owner already.") % {"name": name})


class OfferedAlready(SharingError):
    """One offer of ownership at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("Ownership is offered to %(name)s already: take that back first.") % {"name": name})


class NoOffer(SharingError):
    def __init__(self) -> None:
        super().__init__(_("Nobody offers you ownership here, or it was taken back."))


class OfferVoid(SharingError):
    """Who offered ownership has none any more."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s, who offered ownership, does not own it any more.") % {"name": name})


class BadTeamName(SharingError):
    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(_("A group needs a name of at most %(most)d characters.") % {"most": most})


class TooManyTeams(SharingError):
    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(_("You have %(most)d groups, which is the most: delete one first.") % {"most": most})


class TeamFull(SharingError):
    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(_("A group has at most %(most)d people.") % {"most": most})


class NotYourTeam(SharingError):
    """Only its owner changes a group."""

    def __init__(self) -> None:
        super().__init__(_("Only the owner of a group can change it."))


class NotInTeam(SharingError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s is not in this group.") % {"name": name})


class OwnsTeam(SharingError):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(_("%(name)s owns this group: hand it over first.") % {"name": name})
