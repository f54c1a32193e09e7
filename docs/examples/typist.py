"""A program that joins a document like a person: it is seen there, and types letter by letter.

    python typist.py http://localhost:8000/documents/<id>/ "Hello from a program." coscribe_...

Make the token (the last argument, or COSCRIBE_TOKEN) on your account page, and let it write. Besides Python this takes
`pip install pycrdt websockets`.
"""

import asyncio
import os
import sys
from urllib.parse import urlsplit

import pycrdt
from pycrdt import Awareness, Doc, XmlElement, XmlFragment, XmlText, YMessageType, YSyncMessageType
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PAUSE_S = 0.08


class Typist:
    """One document on one socket. `stored` is what the server has shown of it: that is saved."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.doc, self.stored = Doc(), Doc()
        self.content, self.saved_content = (doc.get("default", type=XmlFragment) for doc in (self.doc, self.stored))
        self.awareness = Awareness(self.doc)
        self.synced, self.saved = asyncio.Event(), asyncio.Event()

    async def listen(self) -> None:
        """Take in what others write, and what is saved of ours, until the server closes."""
        async for frame in self.socket:
            if frame[0] == YMessageType.SYNC:
                if frame[1] != YSyncMessageType.SYNC_STEP1:
                    pycrdt.handle_sync_message(frame[1:], self.stored)
                    self.synced.set()
                if (answer := pycrdt.handle_sync_message(frame[1:], self.doc)) is not None:
                    await self.socket.send(answer)
                if str(self.content) == str(self.saved_content):
                    self.saved.set()

    async def type(self, words: str) -> None:
        """Write a paragraph at the end, and wait until it is saved."""
        await self.socket.send(pycrdt.create_sync_message(self.doc))
        await self.synced.wait()
        before = self.doc.get_state()
        text = self.content.children.append(XmlElement("paragraph")).children.append(XmlText())
        # Of what we wrote, the paragraph was number 0 and its text number 1: our caret is at the end of that text.
        caret = {"type": {"client": self.doc.client_id, "clock": 1}, "tname": None, "item": None, "assoc": 0}
        for letter in words:
            text += letter
            self.saved.clear()
            await self.socket.send(pycrdt.create_update_message(self.doc.get_update(before)))
            before = self.doc.get_state()
            self.awareness.set_local_state({"cursor": {"anchor": caret, "head": caret}})  # the server adds our name
            state = self.awareness.encode_awareness_update([self.doc.client_id])
            await self.socket.send(pycrdt.create_awareness_message(state))
            await asyncio.sleep(PAUSE_S)
        await self.saved.wait()


async def main(address: str, words: str, token: str) -> None:
    page = urlsplit(address)
    url = page._replace(scheme=page.scheme.replace("http", "ws"), path=f"/ws{page.path}").geturl()
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, max_size=None) as socket:
        typist = Typist(socket)
        listening = asyncio.create_task(typist.listen())
        typing = asyncio.create_task(typist.type(words))
        await asyncio.wait((listening, typing), return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        try:
            await (typing if typing.done() else listening)
        except ConnectionClosed as closed:
            raise SystemExit(f"The server has closed: {closed}") from None


asyncio.run(main(*sys.argv[1:3], *(sys.argv[3:] or [os.environ["COSCRIBE_TOKEN"]])))
