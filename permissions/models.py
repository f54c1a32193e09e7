"""People, and what an object needs to be guarded by roles."""

from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.contrib.sessions.models import Session
from django.db import models, router
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .roles import Role

CARET_COLORS = ("#c2410c", "#0f766e", "#7c3aed", "#be185d", "#1d4ed8", "#4d7c0f", "#a16207", "#0e7490")
COLOR_NAMES = (
    _("Rust"), _("Teal"), _("Violet"), _("Raspberry"), _("Blue"), _("Olive"), _("Ochre"), _("Petrol"),
)  # fmt: skip
AGENT_LENGTH = 255  # of a browser's description of itself, which may be of any length


class Theme(models.TextChoices):
    """How pages look."""

    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
    CONTRAST = "contrast", _("High contrast")


class People(UserManager["User"]):
    use_in_migrations = False

    def named(self, name: str) -> "User | None":
        """The person of this user name or e-mail address, in any case, deactivated or not. The user name wins.

        Guests are found by nobody.
        """
        wanted = Lower(models.Value(name))
        people = self.filter(is_guest=False).alias(low_username=Lower("username"), low_email=Lower("email"))
        return people.filter(low_username=wanted).first() or people.filter(low_email=wanted).exclude(email="").first()


class User(AbstractUser):
    """A person with an account. Signs in with the user name or the e-mail address."""

    name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(max_length=254)
    color = models.CharField(max_length=7, default=CARET_COLORS[0])
    # With defaults of the database's own: while a new version starts, the old one still signs people up without them.
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM, db_default=Theme.SYSTEM)
    # One of settings.LANGUAGES; empty: the browser's own.
    language = models.CharField(max_length=16, blank=True, db_default="")
    # Somebody who came by a link and has no account: no password, no list of their own, nothing by name (`guests`).
    is_guest = models.BooleanField(default=False, db_default=False)
    # The kinds of notices that are not mailed (`Notice.Kind`).
    muted = models.JSONField(default=list, blank=True, db_default=models.Value([], models.JSONField()))

    # What may be done at the most in the name of this object, whatever the rows say: less for a token that only reads.
    most: Role = Role.OWNER

    objects: ClassVar[People] = People()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique", condition=~models.Q(email="")),
            models.UniqueConstraint(Lower("username"), name="user_username_unique_ci"),
            models.CheckConstraint(condition=models.Q(theme__in=Theme.values), name="user_theme_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What other people see: the name, or the user name of somebody who gave none."""
        return self.name or self.username

    @property
    def initials(self) -> str:
        """At most two letters for a face, as `initials` of the frontend makes them."""
        words = self.display_name.split()
        letters = words[0][:1] + words[-1][:1] if len(words) > 1 else "".join(words)[:2]
        return letters.upper()


class SignIn(models.Model):
    """Where a session of a person is: what they recognise it by in the list on the account page.

    It goes with the session. The session's key is never shown: a row is named by its own number.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="+")
    agent = models.CharField(max_length=AGENT_LENGTH, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}, {self.agent or 'unknown'}"


class Scope(models.TextChoices):
    """What a program may do with a token: of what its person may."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class AccessToken(models.Model):
    """What a program of somebody's shows in place of a session. Only its hash is kept: it is shown once (`tokens`)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=5, choices=Scope.choices)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256, in hexadecimal
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # null: never

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(scope__in=Scope.values), name="token_scope_known")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def most(self) -> Role:
        """The highest role that somebody has who comes in by this."""
        return Role.OWNER if self.scope == Scope.WRITE else Role.VIEWER

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class Guarded(models.Model):
    """An object that is shared by roles: directly, through a group, or by its link.

    A concrete model declares guardian's direct-foreign-key permission models beside it and the permissions
    of `roles.VERBS` in its `Meta`.
    """

    link_role = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=[(role.value, role.label) for role in Role if role < Role.OWNER]
    )
    link_expires_at = models.DateTimeField(null=True, blank=True)
    # Where one of these two is set, the link's role is for those alone who hold a pass of this version (`LinkPass`).
    link_key = models.CharField(max_length=32, blank=True, db_default="")  # what the address shows since a rotation
    link_password = models.CharField(max_length=128, blank=True, db_default="")  # hashed, as people's are
    link_version = models.PositiveIntegerField(default=0, db_default=0)
    # Whether somebody who has no access is told that there is something here, and may ask for it.
    admits_requests = models.BooleanField(default=False, db_default=False)
    trashed_at = models.DateTimeField(null=True, blank=True)

    # The rows of the concrete models beside it; each points here as `content_object`.
    invitations: Any
    access_requests: Any

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """What people call it: a concrete model's to say. Empty while it has no name."""
        return ""

    def get_absolute_url(self) -> str:
        """The path of its page: a concrete model's to say."""
        raise NotImplementedError

    def has_known(self, person: "User") -> bool:
        """Whether `person` has left something in it, and so knows that it exists: a concrete model's to say."""
        return False

    def hand_to(self, person: "User") -> None:
        """`person` is the owner now: for a concrete model that names one. In the transaction that made it so."""


class LinkPass(models.Model):
    """Somebody has shown the key and the password of a link. A concrete one adds `content_object`.

    It counts while `version` is the object's `link_version`, so one row's change voids them all.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Invitation(models.Model):
    """A role that waits for whoever holds a secret, or has an address. A concrete one adds `content_object`.

    Of the secret only the hash is kept. Open while nobody has claimed or revoked it and its time is not over.
    """

    digest = models.CharField(max_length=64, unique=True)  # SHA-256, in hexadecimal
    email = models.EmailField(max_length=254, blank=True)  # empty: for anybody who has the link
    role = models.PositiveSmallIntegerField(choices=[(role.value, role.label) for role in Role])
    made_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    claimed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class AccessRequest(models.Model):
    """Somebody asks for a role. A concrete one adds `content_object`. Open until it is answered."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.PositiveSmallIntegerField(choices=[(role.value, role.label) for role in Role if role < Role.OWNER])
    words = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    granted = models.PositiveSmallIntegerField(null=True)  # the role that was given; null: none

    class Meta:
        abstract = True


class OwnershipOffer(models.Model):
    """An owner wants somebody else to be the owner. A concrete one adds `content_object`, one to one."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    to = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Team(models.Model):
    """Of a group that people made: what it is called, and who manages it. An operator's group has none."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="team")
    name = models.CharField(max_length=80)  # the group's own name is unique here, and nobody's business: a UUID
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="teams")
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class AppendOnly(Exception):
    """Somebody tried to change the past."""

    def __init__(self, act: str) -> None:
        self.act = act
        super().__init__(f"The audit log only grows: expected a new entry, not {act}.")


class AuditEntries(models.QuerySet["AuditEntry"]):
    """Entries can be read and added."""

    def update(self, **fields: Any) -> NoReturn:
        """Refused. Raises `AppendOnly`."""
        raise AppendOnly("an update")

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        """Refused. Raises `AppendOnly`."""
        raise AppendOnly("an update")

    def delete(self) -> NoReturn:
        """Refused. Raises `AppendOnly`."""
        raise AppendOnly("a deletion")

    def forget_before(self, moment: datetime) -> int:
        """Delete what is older: for the retention that an operator set (`audit.expire`), and nothing else."""
        old = self.filter(at__lt=moment)
        return old._raw_delete(router.db_for_write(self.model))


class AuditEntry(models.Model):
    """Who did what to whose access, when, and from where. Written in the transaction of the act, never changed.

    It outlives all it names, so it has the words of that day beside the numbers.
    """

    class Action(models.TextChoices):
        GRANTED = "granted", _("gave access")
        CHANGED = "changed", _("changed a role")
        REVOKED = "revoked", _("took access away")
        LEFT = "left", _("left")
        LINK = "link", _("changed the link")
        PASSED = "passed", _("came in by the link")
        INVITED = "invited", _("invited")
        UNINVITED = "uninvited", _("took an invitation back")
        CLAIMED = "claimed", _("claimed an invitation")
        REQUESTED = "requested", _("asked for access")
        ANSWERED = "answered", _("answered a request")
        OFFERED = "offered", _("offered ownership")
        TRANSFERRED = "transferred", _("became the owner")
        TRASHED = "trashed", _("moved it to the trash")
        RESTORED = "restored", _("took it out of the trash")
        DELETED = "deleted", _("deleted it for good")
        TEAM = "team", _("changed a group")
        CLOSED = "closed", _("closed it for a moment")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=12, choices=Action.choices)
    object_id = models.UUIDField(null=True)  # null: of a group
    object_name = models.CharField(max_length=200, blank=True)
    actor_id = models.BigIntegerField(null=True)  # null: an operator's command
    actor_name = models.CharField(max_length=80, blank=True)
    subject_kind = models.CharField(max_length=12, blank=True)  # user, group, link, email
    subject_id = models.BigIntegerField(null=True)
    subject_name = models.CharField(max_length=254, blank=True)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)

    objects = AuditEntries.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["object_id", "-id"], name="audit_newest")]
        verbose_name_plural = "audit entries"

    def save(self, *args: Any, **options: Any) -> None:
        """Add it. Raises `AppendOnly` for one that is there already."""
        if not self._state.adding:
            raise AppendOnly("an update")
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Refused. Raises `AppendOnly`."""
        raise AppendOnly("a deletion")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.subject_name}"


class Notice(models.Model):
    """Something a person is told: in the inbox of their pages, and by mail if they like."""

    class Kind(models.TextChoices):
        SHARED = "shared", _("Something was shared with you")
        CHANGED = "changed", _("Your role changed, or ended")
        REQUESTED = "requested", _("Somebody asks for access")
        ANSWERED = "answered", _("Your request was answered")
        CLAIMED = "claimed", _("An invitation of yours was claimed")
        OFFERED = "offered", _("Somebody offers you ownership, or takes yours")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    object_id = models.UUIDField(null=True)
    object_name = models.CharField(max_length=200, blank=True)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=80, blank=True)
    role = models.PositiveSmallIntegerField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["user", "-id"], name="notice_newest")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class Letter(models.Model):
    """A mail on its way: written with what it tells of, sent later, tried again until it is sent or given up."""

    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=300)
    text = models.TextField(blank=True)  # empty once it is sent or given up: it may hold a secret
    headers = models.JSONField(default=dict)
    made_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(db_index=True, null=True)  # null: sent, or given up
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    topic = models.CharField(max_length=100, blank=True, db_index=True)  # what is newer takes the place of what waits

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
