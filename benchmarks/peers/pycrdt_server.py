"""pycrdt-websocket with its SQLite store, under uvicorn: `pycrdt_server.py PORT FOLDER`.

The store is given to each room and read before the room is ready, as jupyter-collaboration does. The database is made
before the first room: rooms that start together on a missing one race, and end the server.
"""

import sys
from pathlib import Path
from typing import Any

import uvicorn
from pycrdt.store import SQLiteYStore  # type: ignore[import-not-found]
from pycrdt.store.base import YDocNotFound  # type: ignore[import-not-found]
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom  # type: ignore[import-not-found]

FOLDER = Path(sys.argv[2])


class Store(SQLiteYStore):  # type: ignore[misc]  # without types
    db_path = str(FOLDER / "pycrdt.sqlite")


class Rooms(WebsocketServer):  # type: ignore[misc]
    """Rooms that keep what is written."""

    async def get_room(self, name: str) -> Any:
        """The room of this name, with its content."""
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = YRoom(ready=False, ystore=Store(name), log=self.log)
            await self.start_room(room)
            await room.ystore.started.wait()  # the room starts it, and does not wait
            try:
                await room.ystore.apply_updates(room.ydoc)
            except YDocNotFound:
                pass
            room.ready = True
        else:
            await room.ready_event.wait()  # somebody else is reading the store
        return room


async def main() -> None:
    """Serve until the process is ended."""
    async with Store("made first"):
        pass
    rooms = Rooms()
    config = uvicorn.Config(
        ASGIServer(rooms), host="127.0.0.1", port=int(sys.argv[1]), ws="websockets-sansio", loop="uvloop",
        lifespan="off", log_level="warning", ws_max_size=1 << 27,
    )  # fmt: skip
    async with rooms:
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
