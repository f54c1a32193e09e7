"""People, and what an object needs to be guarded by roles."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower

from .roles import Role

CARET_COLORS = ("#c2410c", "#0f766e", "#7c3aed", "#be185d", "#1d4ed8", "#4d7c0f", "#a16207", "#0e7490")


class People(UserManager["User"]):
    use_in_migrations = False

    def named(self, name: str) -> "User | None":
        """The person of this user name or e-mail address, in any case, deactivated or not. The user name wins."""
        wanted = Lower(models.Value(name))
        people = self.alias(low_username=Lower("username"), low_email=Lower("email"))
        return people.filter(low_username=wanted).first() or people.filter(low_email=wanted).exclude(email="").first()


class User(AbstractUser):
    """A person with an account. Signs in with the user name or the e-mail address."""

    name = models.CharField(max_length=80, blank=True)
    email = models.EmailField(max_length=254)
    color = models.CharField(max_length=7, default=CARET_COLORS[0])

    objects: ClassVar[People] = People()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique", condition=~models.Q(email="")),
            models.UniqueConstraint(Lower("username"), name="user_username_unique_ci"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What other people see: the name, or the user name of somebody who gave none."""
        return self.name or self.username


class Guarded(models.Model):
    """An object that is shared by roles: directly, through a group, or by its link.

    A concrete model declares guardian's direct-foreign-key permission models beside it and the permissions
    of `roles.VERBS` in its `Meta`.
    """

    link_role = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=[(role.value, role.label) for role in Role if role < Role.OWNER]
    )
    link_expires_at = models.DateTimeField(null=True, blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
