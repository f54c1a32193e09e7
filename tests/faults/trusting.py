"""A log that does not ask who may write. Only for proving that the revocation tests see the difference."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig


class TrustingConfig(AppConfig):
    name = "tests.faults"
    label = "trusting"

    def ready(self) -> None:
        from documents import log
        from permissions.roles import Role

        def roles_of(_: type[Any], pairs: Iterable[tuple[Any, int]]) -> dict[tuple[Any, int], Role]:
            return dict.fromkeys(pairs, Role.OWNER)

        replaced: Any = log
        replaced.roles_of = roles_of

        from collab.hub import Hub

        async def recheck(*_: object) -> None:
            """What was allowed once stays allowed."""

        hub: Any = Hub
        hub.recheck = recheck
