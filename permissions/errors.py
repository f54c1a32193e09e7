"""What can be wrong with an act of sharing. Each error composes a sentence for people."""

from .roles import Role


class SharingError(Exception):
    """An act of sharing that was refused; nothing was changed."""


class NotAllowed(SharingError):
    """The actor does not have the role the act needs (any more)."""

    def __init__(self, role: Role | None, needed: Role) -> None:
        self.role = role
        self.needed = needed
        yours = f"yours is {role.label}" if role is not None else "you have no access"
        super().__init__(f"This needs the role {needed.label}; {yours}.")


class LastOwner(SharingError):
    """The act would leave the object without an owner who can sign in."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is the last owner: make somebody else an owner first.")


class NotAMember(SharingError):
    """The person or group has no access of its own that could be changed."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} has no access of their own here.")
