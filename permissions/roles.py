"""The four roles, their order, and the guardian codenames each of them stands for. Pure."""

from enum import IntEnum


class Role(IntEnum):
    """What a person may do with a guarded object. A higher role may do all that a lower one may."""

    VIEWER = 1
    COMMENTER = 2
    EDITOR = 3
    OWNER = 4

    @property
    def label(self) -> str:
        """The word on the wire and in JSON: `viewer`, `commenter`, `editor`, `owner`."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: object) -> "Role":
        """The role of that label. Raises `ValueError` naming the roles that exist."""
        for role in cls:
            if role.label == label:
                return role
        raise ValueError(f"There is no role {label!r}: expected one of {', '.join(r.label for r in cls)}.")

    def codenames(self, model_name: str) -> list[str]:
        """Every permission a holder of this role has on `model_name`, weakest first (guardian sees them one by one)."""
        return [f"{VERBS[role]}_{model_name}" for role in Role if role <= self]

    def codename(self, model_name: str) -> str:
        """The permission that marks this role: whoever has it has at least this role."""
        return f"{VERBS[self]}_{model_name}"


VERBS = {Role.VIEWER: "view", Role.COMMENTER: "comment", Role.EDITOR: "change", Role.OWNER: "share"}
