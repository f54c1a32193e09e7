"""A mail server for tests: on a real socket, as polite, silent or broken as it is told to be."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class MailHouse(socketserver.ThreadingTCPServer):
    """`letters`: what was taken, as raw text. `refusing`: addresses, and the code they get. `mute`: says nothing."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Counter)
        self.letters: list[str] = []
        self.refusing: dict[str, int] = {}
        self.mute = False
        self.came = threading.Event()  # somebody connected
        self.taken = threading.Semaphore(0)  # released for each letter
        self.ended = threading.Event()

    def mailer(self, *, timeout_s: float = 5.0) -> dict[str, Any]:
        """`MAILERS` that bring mail here."""
        host, port = self.server_address[:2]
        options = {"host": host, "port": port, "timeout": timeout_s}
        return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


class Counter(socketserver.StreamRequestHandler):
    """One client. RFC 5321, as far as smtplib asks for it."""

    server: MailHouse

    def handle(self) -> None:
        self.server.came.set()
        if self.server.mute:
            self.server.ended.wait(60)
        else:
            self.talk()

    def talk(self) -> None:
        self.say(220)
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "QUIT":
                self.say(221)
                break
            if word == "RCPT":
                self.say(self.server.refusing.get(line[line.index("<") + 1 : line.index(">")], 250))
            elif word == "DATA":
                self.say(354)
                self.take()
            else:
                self.say(250)

    def take(self) -> None:
        lines: list[str] = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.letters.append("\n".join(lines))
        self.say(250)
        self.server.taken.release()

    def say(self, code: int) -> None:
        self.wfile.write(f"{code} so\r\n".encode())


@contextmanager
def mail_house() -> Iterator[MailHouse]:
    """Open until the block ends."""
    with MailHouse() as house:
        thread = threading.Thread(target=house.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield house
        finally:
            house.ended.set()
            house.shutdown()
            thread.join()
