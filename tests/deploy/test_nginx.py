"""What nginx does before the application: sockets, files, pictures, bounds, addresses."""

import gzip
import re
import uuid
from urllib.parse import urlencode

import brotli
import pytest
from django.conf import settings

from project import bodies
from tests.clients import company, converge
from tests.documents import drawings
from tests.seed import run
from tests.servers import ROOT

from .asking import Answer, ask
from .conftest import Site

CONF = ROOT / "deploy" / "nginx" / "site.conf"
UNITS = {"": 1, "k": 1024, "m": 1024 * 1024}


# -- Sockets -----------------------------------------------------------------------------------------------------------


async def test_people_write_to_each_other_through_nginx_and_past_it(site: Site) -> None:
    """The second is put into the other process on purpose: where somebody is decides nothing."""
    document = site.document()
    pages = [site.scribe("ada", document), *(site.scribe("bob", document, at=s.ws_url) for s in site.cluster.servers)]
    async with company(*pages):
        for place, page in enumerate(pages):
            await page.type(f"{place} ")
            await page.saved()
        assert sorted((await converge(*pages)).split()) == ["0", "1", "2"]


async def test_people_of_one_document_meet_in_one_process(site: Site) -> None:
    """An optimisation. Both processes have some of the documents."""
    places: set[str] = set()
    for _ in range(20):  # of eight, one process would have all in one run out of a hundred
        if len(places) == 2:
            return
        document = site.document()
        pages = [site.scribe(who, document) for who in ("ada", "bob", "vera")]
        async with company(*pages):
            there = [server.name for server in site.cluster.servers if opened(server.log.read_text(), document) == 3]
            assert len(there) == 1
        places.add(there[0])
    pytest.fail(f"all are in {places}")


def opened(log: str, document: str) -> int:
    """How many sockets of a document a process says it has taken."""
    return sum(document in line and "entered" in line for line in log.splitlines())


# -- Files -------------------------------------------------------------------------------------------------------------


def test_static_files_come_compressed_from_the_build_and_stay_for_good(site: Site) -> None:
    page = ask(site.cluster.nginx.port, "GET", "/sign-in/").body.decode()
    found = re.search(r'<script type="module" src="(/static/assets/[^"]+)"', page)
    assert found is not None
    file = site.cluster.nginx.static / found[1].removeprefix("/static/")
    plain = ask(site.cluster.nginx.port, "GET", found[1])
    packed = ask(site.cluster.nginx.port, "GET", found[1], accept_encoding="gzip")
    assert plain.body == file.read_bytes() == gzip.decompress(packed.body)
    assert packed.body == file.with_name(f"{file.name}.gz").read_bytes()  # not compressed again for each visitor
    direct = ask(site.cluster.servers[0].port, "GET", found[1])
    smaller = ask(site.cluster.servers[0].port, "GET", found[1], accept_encoding="gzip, br")
    assert brotli.decompress(smaller.body) == plain.body
    assert smaller.body == file.with_name(f"{file.name}.br").read_bytes()
    assert len(smaller.body) < len(packed.body)
    for name in ("cache-control", "x-content-type-options", "cross-origin-opener-policy", "referrer-policy"):
        assert plain.headers[name] == direct.headers[name], name
    assert "frame-ancestors 'none'" in plain.headers["content-security-policy"]


def test_every_static_file_may_be_read_by_whatever_user_nginx_is(site: Site) -> None:
    closed = [path for path in site.cluster.nginx.static.rglob("*") if not path.stat().st_mode & 0o004]
    assert closed == []


@pytest.mark.parametrize(
    "path", ["/static/../manage.py", "/static../manage.py", "/static/%2e%2e/manage.py", "/static/assets/"]
)
def test_nothing_else_is_served(site: Site, path: str) -> None:
    assert ask(site.cluster.nginx.port, "GET", path).status in (400, 403, 404)


def test_pages_are_compressed(site: Site) -> None:
    packed = ask(site.cluster.nginx.port, "GET", "/sign-in/", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(packed.body)


# -- Pictures ----------------------------------------------------------------------------------------------------------


def upload(site: Site, document: str, data: bytes) -> Answer:
    """As ada's page does."""
    port = site.cluster.nginx.port
    token = "x" * 32  # the cookie and the header of one who may: that they are equal is what is asked
    form = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        + data + b"\r\n--edge--\r\n"
    )  # fmt: skip
    return ask(
        port, "POST", f"/documents/{document}/images/", body=form, cookie=f"{site.cookie('ada')}; csrftoken={token}",
        x_csrftoken=token, content_type="multipart/form-data; boundary=edge",
        origin=site.cluster.url,
    )  # fmt: skip


@pytest.fixture(scope="module")
def picture(site: Site) -> str:
    """The address of a picture of ada's that was uploaded through nginx."""
    answer = upload(site, site.document(), drawings.still())
    assert answer.status == 201, answer.body
    src: str = answer.json()["src"]
    return src


def test_a_picture_is_sent_by_nginx_to_those_who_may_read(site: Site, picture: str) -> None:
    ours = ask(site.cluster.servers[0].port, "GET", picture, cookie=site.cookie("ada"))
    assert ours.body == b""  # the application only says which file it is
    assert ours.headers["x-accel-redirect"].startswith("/pictures/")
    sent = ask(site.cluster.nginx.port, "GET", picture, cookie=site.cookie("ada"))
    assert sent.status == 200
    assert sent.body.startswith(b"\x89PNG")
    assert "x-accel-redirect" not in sent.headers
    for name in (
        "content-type", "content-disposition", "cache-control", "etag", "content-security-policy",
        "cross-origin-resource-policy", "cross-origin-opener-policy", "x-content-type-options", "referrer-policy",
    ):  # fmt: skip
        assert sent.headers[name] == ours.headers[name], name


def test_a_picture_that_is_known_is_not_sent_again(site: Site, picture: str) -> None:
    known = ask(site.cluster.nginx.port, "GET", picture, cookie=site.cookie("ada")).headers["etag"]
    again = ask(site.cluster.nginx.port, "GET", picture, cookie=site.cookie("ada"), if_none_match=known)
    assert (again.status, again.body) == (304, b"")


def test_nobody_else_gets_a_picture(site: Site, picture: str) -> None:
    document = picture.split("/")[2]
    assert ask(site.cluster.nginx.port, "GET", picture).status == 401
    eve = run("result = person('eve')", database_url=site.cluster.database_url)
    assert ask(site.cluster.nginx.port, "GET", picture, cookie=f"sessionid={eve['session']}").status == 404
    other = f"/documents/{document}/images/{uuid.uuid4()}/"
    assert ask(site.cluster.nginx.port, "GET", other, cookie=site.cookie("ada")).status == 404
    where = ask(site.cluster.servers[0].port, "GET", picture, cookie=site.cookie("ada")).headers["x-accel-redirect"]
    assert ask(site.cluster.nginx.port, "GET", where, cookie=site.cookie("ada")).status == 404


def test_the_files_are_for_our_group_only(site: Site, picture: str) -> None:
    modes = {path.stat().st_mode & 0o777 for path in site.cluster.media.rglob("*") if path.is_file()}
    assert modes == {0o640}


# -- Bounds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", f"/documents/{uuid.UUID(int=7)}/images/", "/api/documents/", "/api/documents/x/", "/sign-in/"]
)
def test_nginx_takes_as_large_a_body_as_the_application(path: str) -> None:
    assert bound_of(path) == bodies.limit_for(path)


def bound_of(path: str) -> int:
    """What `client_max_body_size` is for a path, as nginx chooses: the exact place, a pattern, the longest prefix."""
    found: list[tuple[int, str]] = []
    text = CONF.read_text()
    for kind, place, body in re.findall(r'^location ([=~]?) ?"?([^" {]+)"? \{(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        size = re.search(r"client_max_body_size (\w+);", body)
        matches = {"=": path == place, "~": bool(re.search(place, path)), "": path.startswith(place)}[kind]
        if matches and size is not None:
            found.append(({"=": 2_000, "~": 1_000, "": 0}[kind] + len(place), size[1]))
    size_of = max(found)[1] if found else re.findall(r"^client_max_body_size (\w+);", text, re.MULTILINE)[0]
    number, unit = re.fullmatch(r"(\d+)(\w?)", size_of).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def test_a_picture_that_is_too_large_is_a_problem_that_the_page_understands(site: Site) -> None:
    answer = upload(site, site.document(), b"\0" * (settings.IMAGES["MAX_BYTES"] + bodies.FORM_BYTES))
    assert answer.status == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 413


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_how_a_process_is_doing_is_not_the_world_s_to_know(site: Site, path: str) -> None:
    assert ask(site.cluster.nginx.port, "GET", path).status == 404
    assert ask(site.cluster.servers[0].port, "GET", path).status == 200


def test_whether_the_site_is_alive_is(site: Site) -> None:
    assert ask(site.cluster.nginx.port, "GET", "/healthz").status == 200


# -- Addresses ---------------------------------------------------------------------------------------------------------


def test_guesses_are_counted_by_the_address_that_nginx_saw(site: Site) -> None:
    """Whatever the guesser says about themselves; `SIGN_IN_FAILURES` is 3 here."""
    statuses = [guess(site.cluster.nginx.port, x_forwarded_for=f"203.0.113.{n}").status for n in range(4)]
    assert statuses == [200, 200, 429, 429]
    # From elsewhere (a proxy in another house would say so), the account is not locked.
    assert guess(site.cluster.servers[0].port, x_forwarded_for="198.51.100.1").status == 200


def guess(port: int, *, x_forwarded_for: str) -> Answer:
    token = "y" * 32
    form = urlencode({"username": "ada", "password": "wrong", "csrfmiddlewaretoken": token}).encode()
    kind = "application/x-www-form-urlencoded"
    return ask(
        port, "POST", "/sign-in/", body=form, cookie=f"csrftoken={token}", content_type=kind,
        x_forwarded_for=x_forwarded_for,
    )  # fmt: skip
