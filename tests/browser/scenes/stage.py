"""What a scene is set on: a server, the people who come, and the register of all scenes."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Page

from tests.browser.house import House
from tests.browser.visitor import Visitor
from tests.clients import Scribe

from .harbour import PEOPLE, TITLE, Harbour, harbour

type Enter = Callable[..., Awaitable[Visitor]]
type Arrange = Callable[["Stage"], Awaitable[Page]]

SCENES: dict[str, Arrange] = {}


@dataclass
class Stage:
    """Where a scene is set: a server, and a way to bring in people, each with a browser of their own."""

    house: House
    enter: Enter  # `await enter("ada")`: somebody of the house; `await enter("")`: nobody yet
    phone: bool = False
    visitors: list[Visitor] = field(default_factory=list)
    _leaving: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._leaving.aclose()

    @property
    def harbour(self) -> Harbour:
        return harbour(self.house)

    async def come(self, name: str) -> Visitor:
        if name in PEOPLE:
            harbour(self.house)  # from now on they live in the house
        self.visitors.append(await self.enter(name))
        return self.visitors[-1]

    async def writer(self) -> Visitor:
        """Bo, with a copy of the plan that is his own: whatever he does to it, no other scene sees."""
        bo = await self.come("bo")
        return await bo.open(self.house.copy(self.harbour.plan, by="bo", title=TITLE))

    async def reader(self, name: str = "alma") -> Visitor:
        """Somebody at the plan itself, who leaves it as it is."""
        visitor = await self.come(name)
        return await visitor.open(self.harbour.plan)

    async def company(self, *names: str) -> None:
        """People in the plan without a browser: their faces are seen, and no caret."""
        for name in names:
            scribe: Scribe = self.house.scribe(name, self.harbour.plan)
            await scribe.join()
            self._leaving.push_async_callback(scribe.close)
            await scribe.awareness({"user": {}})


def scene(arrange: Arrange) -> Arrange:
    """Registers a scene under the name of its function."""
    SCENES[arrange.__name__.replace("_", "-")] = arrange
    return arrange


VARIANTS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "contrast": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "contrast": "more"},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "light",
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}
