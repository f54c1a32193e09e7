"""The commands of docs/programs.md do what is said of them: run as they stand, with curl, against a server."""

import json
import re
import subprocess

from deploy.parts import find_program
from tests.conftest import StartApp
from tests.seed import run
from tests.servers import ROOT

COMMANDS = re.findall(r"^    (curl .+)$", (ROOT / "docs" / "programs.md").read_text(), re.MULTILINE)


def test_the_commands_of_the_manual_work(sqlite_url: str, start_app: StartApp) -> None:
    assert len(COMMANDS) == 9
    find_program("curl", package="curl")
    app = start_app("uvicorn", database_url=sqlite_url)
    token = run('person("ada")\nperson("bob")\nresult = token("ada")', database_url=sqlite_url)
    answers: list[str] = []
    document = ""
    for command in COMMANDS:
        line = command.replace("http://localhost:8000", app.url).replace("<id>", document)
        done = subprocess.run(
            ["bash", "-c", f"{line} --silent --show-error --fail-with-body"],
            env={"COSCRIBE_TOKEN": token, "PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        answers.append(done.stdout)
        if '"markdown"' in command:
            document = json.loads(done.stdout)["id"]
    added = json.loads(answers[3])["added"]
    assert [each["outcome"] for each in added] == ["granted", "invited"]
    assert json.loads(answers[5])["link"]["role"] == "viewer"
    assert answers[7] == "# Aims\n"
