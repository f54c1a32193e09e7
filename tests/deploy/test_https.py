"""The site as the world sees it: `deploy/nginx/coscribe.conf` with a certificate, before a process with HTTPS=1."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from deploy.parts import Part, find_program, free_port, listens, wait_until
from tests.seed import scene
from tests.servers import ROOT, AppServer

from .asking import anybody, ask

NAME = "docs.example.org"
CONF = ROOT / "deploy" / "nginx" / "coscribe.conf"


class Tls:
    """nginx with the production file: only places, ports and the certificate are this machine's."""

    def __init__(self, folder: Path, app_port: int, *, static: Path) -> None:
        self.port, self.plain_port = free_port(), free_port()
        self.folder = folder
        self.log = folder / "nginx.log"
        (folder / "coscribe").symlink_to(ROOT / "deploy" / "nginx")
        self._certificate()
        text = CONF.read_text()
        for ours, here in (
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("/etc/letsencrypt/live/docs.example.org", str(folder)),
            ("127.0.0.1:8001", f"127.0.0.1:{app_port}"),
            ("127.0.0.1:8002", f"127.0.0.1:{free_port()}"),  # one that is down
            ("127.0.0.1:8003", f"127.0.0.1:{free_port()}"),
            ("/opt/coscribe/var/static", str(static)),
            ("/var/log/nginx/coscribe.log", str(folder / "access.log")),
            ("/var/lib/coscribe/media", str(folder)),
        ):
            assert ours in text, f"{ours!r} is not in {CONF.name} any more"
            text = text.replace(ours, here)
        temp = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.config = folder / "nginx.conf"
        self.config.write_text(
            f"daemon off; pid {folder}/nginx.pid; error_log stderr warn;\n"
            f"{'user root;' if os.geteuid() == 0 else ''} worker_rlimit_nofile 4096;\n"
            "events { worker_connections 512; }\n"
            f"http {{ {temp} include /etc/nginx/mime.types;\n{text}\n}}\n"
        )

    def command(self) -> list[str]:
        return [find_program("nginx", package="nginx"), "-p", str(self.folder), "-e", "stderr", "-c", str(self.config)]

    def _certificate(self) -> None:
        openssl = find_program("openssl", package="openssl")
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
             f"/CN={NAME}", "-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"],
            check=True, capture_output=True,
        )  # fmt: skip


class TlsNginx(Part):
    """It, running."""

    def __init__(self, tls: Tls) -> None:
        super().__init__("nginx", tls.folder)
        self.tls = tls

    def begin(self) -> None:
        self._spawn(self.tls.command())

    def answers(self) -> bool:
        return listens(self.tls.port)


@pytest.fixture(scope="module")
def people() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="module")
def tls(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, people: dict[str, Any]) -> Iterator[Tls]:
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path_factory.mktemp('https') / 'db.sqlite3')}"
    people |= scene(owner="ada", shared={}, database_url=url)
    env = {"HTTPS": "1", "PROXY_COUNT": "1", "ALLOWED_HOSTS": NAME, "SITE_URL": f"https://{NAME}"}
    with AppServer("uvicorn", database_url=url, env=env) as app:
        tls = Tls(tmp_path_factory.mktemp("nginx"), app.port, static=ROOT / "var" / "static")
        nginx = TlsNginx(tls)
        nginx.start()
        try:
            yield tls
        finally:
            nginx.stop()


def test_nginx_finds_nothing_wrong(tls: Tls) -> None:
    done = subprocess.run([*tls.command(), "-t"], capture_output=True, text=True, check=False)
    assert (done.returncode, re.findall(r"\[(?:warn|emerg|error)\].*", done.stderr)) == (0, [])


def test_gixy_finds_nothing_wrong(tls: Tls) -> None:
    """But two things. It wants the name of the site and not what the client said: that is ALLOWED_HOSTS' to refuse, and
    without its port no socket could be opened on an unusual one. And HSTS where it looks: the application says it.
    """
    gixy = Path(sys.executable).with_name("gixy")
    done = subprocess.run(
        [gixy, "--skips", "host_spoofing,hsts_header", str(tls.config)], capture_output=True, text=True, check=False
    )
    assert "No issues found" in done.stdout, done.stdout + done.stderr


def test_plain_http_only_says_where_to_go(tls: Tls) -> None:
    answer = ask(tls.plain_port, "GET", "/documents/x/?y=z", host="evil.example")
    assert (answer.status, answer.headers["location"]) == (301, f"https://{NAME}/documents/x/?y=z")


@pytest.mark.parametrize("path", ["/sign-in/", "/", "/nothing/", "/api/documents/", "/sw.js", "/static/favicon.svg"])
def test_what_every_answer_says_to_browsers(tls: Tls, path: str) -> None:
    headers = ask(tls.port, "GET", path, tls=True, host=NAME).headers
    assert headers["strict-transport-security"] == "max-age=2592000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline'" not in re.sub(r"style-src-attr[^;]*", "", headers["content-security-policy"])
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert not any(character.isdecimal() for character in headers["server"])  # no version


def test_pages_allow_no_script_but_the_site_s_own(tls: Tls) -> None:
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in ask(tls.port, "GET", "/sign-in/", tls=True, host=NAME).headers["content-security-policy"].split(";")
    )
    for name in ("default-src", "script-src", "style-src", "connect-src", "form-action"):
        assert policy[name] == "'self'", name
    assert (policy["object-src"], policy["base-uri"]) == ("'none'", "'none'")


def test_cookies_travel_by_https_only(tls: Tls) -> None:
    cookies = ask(tls.port, "GET", "/sign-in/", tls=True, host=NAME).cookies
    assert cookies
    assert all("; Secure" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    "path",
    [
        "/invitations/{}/",
        "/unsubscribe/{}/",
        "/reset/Mg/{}/",
        "/documents/1/?key={}",
        "/documents/1/?view=a&key={}&b=1",
    ],
)
def test_what_opens_something_in_an_address_is_not_in_nginx_s_log(tls: Tls, path: str) -> None:
    ask(tls.port, "GET", path.format("s3cret-of:ada"), tls=True, host=NAME)
    log = tls.folder / "access.log"  # written after the answer is
    wait_until(lambda: path.format("...").removesuffix("/").removesuffix("&b=1") in log.read_text())
    assert "s3cret" not in log.read_text()


def test_a_name_that_is_not_ours_is_refused(tls: Tls) -> None:
    assert ask(tls.port, "GET", "/sign-in/", tls=True, host="evil.example").status == 400


def test_what_a_client_says_about_https_is_not_believed(tls: Tls, people: dict[str, Any]) -> None:
    """nginx overwrites it: this visitor came by HTTPS, whatever they say, and is not sent in circles."""
    answer = ask(tls.port, "GET", "/sign-in/", tls=True, host=NAME, x_forwarded_proto="http")
    assert answer.status == 200


async def test_a_socket_of_our_page_is_opened_and_of_another_not(tls: Tls, people: dict[str, Any]) -> None:
    cookie = f"sessionid={people['people']['ada']['session']}"
    url = f"wss://{NAME}/ws/documents/{people['documents'][0]}/"
    options: dict[str, Any] = {"host": "127.0.0.1", "port": tls.port, "ssl": anybody(), "proxy": None}
    async with connect(url, origin=f"https://{NAME}", additional_headers={"Cookie": cookie}, **options) as socket:  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            assert await socket.recv()
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, origin="https://evil.example", additional_headers={"Cookie": cookie}, **options)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
