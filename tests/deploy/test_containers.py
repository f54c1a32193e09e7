"""The container's files, as far as they can be checked where no container runs: by linters, and by what they share with
what does run here.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from deploy.parts import free_port, wait_until
from tests.servers import ROOT

from .asking import ask

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = (DEPLOY / "compose.yaml").read_text()
SET = re.compile(r"(?<!\$)\$\{(\w+)(:-([^}]*))?\}")


def run(*command: str | Path) -> None:
    """A linter. Fails with what it found."""
    program = Path(sys.executable).with_name(str(command[0]))
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def composed() -> Any:
    return json.loads(PyCompose.from_yaml(SET.sub(r"\3", COMPOSE)).to_json())


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    run("hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile")


@pytest.mark.parametrize("script", sorted(path.name for path in DEPLOY.glob("*.sh")))
def test_shellcheck_finds_nothing_and_the_script_can_be_run(script: str) -> None:
    run("shellcheck", DEPLOY / script)
    assert (DEPLOY / script).stat().st_mode & 0o111 == 0o111


def test_the_composition_is_three_services_and_well_formed() -> None:
    found = PyCompose.from_yaml(SET.sub(r"\3", COMPOSE))
    found.validate()
    assert sorted(composed()["services"]) == ["app", "postgres", "redis"]


def test_nothing_has_to_be_set() -> None:
    assert [name for name, default, _ in SET.findall(COMPOSE) if not default] == []
    files = composed()["services"]["app"]["env_file"]
    assert [each["required"] for each in files] == [False]


def test_the_application_is_shut_in() -> None:
    app = composed()["services"]["app"]
    assert (app["read_only"], app["cap_drop"], app["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert "USER" in DOCKERFILE.rpartition("\nFROM ")[2]


def test_only_the_application_is_reached_from_outside_and_only_from_this_machine() -> None:
    services = composed()["services"]
    assert [name for name, each in services.items() if each.get("ports")] == ["app"]
    assert SET.sub(r"\3", '"${PORTS:-127.0.0.1:8000}:8000"') in SET.sub(r"\3", COMPOSE)


def test_every_step_of_the_image_is_one_that_make_runs() -> None:
    """So each of them is run by every developer, and by CI."""
    makefile = (ROOT / "Makefile").read_text().replace("$(PYTHON)", ".venv/bin/python").replace("$*", "frontend")
    steps = re.findall(r"^RUN (.+)$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)
    ours = [step.removeprefix("SECRET_KEY=none ").removesuffix(" --no-dev") for step in steps if "useradd" not in step]
    assert len(ours) == 4
    for step in ours:
        assert step in makefile, step


def test_what_the_containers_run_is_what_the_cluster_runs() -> None:
    native = (DEPLOY / "cluster.py").read_text() + (DEPLOY / "parts.py").read_text()
    contained = DOCKERFILE + COMPOSE + (DEPLOY / "container.sh").read_text() + (DEPLOY / "redis.sh").read_text()
    for script in ("secrets.sh", "migrate.py", "serve.sh", "redis.sh"):
        assert script in native, script
        assert script in contained, script


def test_whatever_the_image_is_made_of_is_in_its_context() -> None:
    taken = set(re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = {name.split("/")[0] for line in re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE)
              for name in line.split()[:-1]}  # fmt: skip
    assert copied - {"."} <= taken
    assert all((ROOT / name).exists() for name in taken)
    # Whatever the application imports, and its sentences.
    assert {"collab", "documents", "permissions", "project", "locale", "manage.py", "deploy"} <= taken


def test_what_an_operator_writes_beside_the_files_is_in_no_image_and_no_commit() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert lines.index("deploy/*.env") > lines.index("!deploy")  # the last line that fits a name counts
    assert "deploy/*.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_container_s_start_takes_its_secrets_from_files(tmp_path: Path) -> None:
    """`container.sh`, run here."""
    subprocess.run([DEPLOY / "secrets.sh", tmp_path], check=True)
    said = subprocess.run(
        [DEPLOY / "container.sh", "env"], env={"PATH": "/usr/bin:/bin", "SECRETS": str(tmp_path)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    password = (tmp_path / "postgres_password").read_text()
    assert f"DATABASE_URL=postgres://coscribe:{password}@postgres:5432/coscribe\n" in said
    assert f"REDIS_URL=redis://:{(tmp_path / 'redis_password').read_text()}@redis:6379/0\n" in said
    assert f"SECRET_KEY={(tmp_path / 'secret_key').read_text()}\n" in said


def test_secrets_are_made_once_and_are_nobody_else_s(tmp_path: Path) -> None:
    place = tmp_path / "secrets"
    starting = [subprocess.Popen([DEPLOY / "secrets.sh", place]) for _ in range(5)]
    assert [each.wait() for each in starting] == [0] * 5
    first = {path.name: path.read_text() for path in place.iterdir()}
    assert sorted(first) == ["postgres_password", "redis_password", "secret_key"]
    assert all(len(text) == 64 for text in first.values())
    assert len(set(first.values())) == 3
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
    subprocess.run([DEPLOY / "secrets.sh", place], check=True)
    assert first == {path.name: path.read_text() for path in place.iterdir()}


@pytest.mark.long
def test_the_steps_of_the_image_make_something_that_serves(folder: Path, sqlite_url: str) -> None:
    """Its second stage, step by step, in a folder that has what the context has; and then what the last one starts. The
    first is `make build`'s, which made what is copied here.
    """
    clean = {name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV")}
    stage = DOCKERFILE[DOCKERFILE.index("AS python\n") : DOCKERFILE.index("\nFROM python:3.12-slim-bookworm\n")]
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "test", ".venv")
    for line in stage.splitlines():
        act, _, rest = line.partition(" ")
        if act == "RUN":
            subprocess.run(["sh", "-c", rest], cwd=folder, check=True, env=clean)
        elif line == "COPY . .":
            for name in re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE):
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, folder / name, ignore=ignored, dirs_exist_ok=True)
                else:
                    shutil.copy(ROOT / name, folder / name)
        elif line.startswith("COPY --from=frontend"):
            shutil.copytree(ROOT / "frontend" / "dist", folder / "frontend" / "dist")
        elif act == "COPY":
            *names, place = rest.split()
            (folder / place).mkdir(exist_ok=True)
            for name in names:
                shutil.copy(ROOT / name, folder / place)
    assert not (folder / "var" / "secret_key").exists()
    assert not list((folder / ".venv").glob("lib/*/site-packages/pytest"))
    port = free_port()
    env = {
        "PATH": os.environ["PATH"], "PORT": str(port), "SECRET_KEY": "x" * 50, "DATABASE_URL": sqlite_url,
        "REDIS_URL": "redis://127.0.0.1:1/0", "MEDIA_ROOT": str(folder / "media"),
    }  # fmt: skip
    check, entry, command = (
        json.loads(found) for found in re.findall(r"^ *(?:ENTRYPOINT|CMD) (\[.+\])$", DOCKERFILE, re.MULTILINE)
    )
    server = subprocess.Popen([*entry, *command], cwd=folder, env=env)
    try:
        asked = [str(port) if word == "8000" else word for word in check]
        wait_until(lambda: subprocess.run(asked, cwd=folder, check=False, capture_output=True).returncode == 0)
        page = ask(port, "GET", "/sign-in/").body.decode()
        script = re.search(r'<script type="module" src="(/static/assets/[^"]+)"', page)
        assert script is not None
        assert ask(port, "GET", script[1]).status == 200
    finally:
        server.terminate()
        assert server.wait(30) in (0, -signal.SIGTERM)  # uvicorn ends by the signal it was sent
