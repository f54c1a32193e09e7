"""What a server process does to Python's collector."""

import subprocess
import sys

from tests.servers import ROOT

ASKED = "import gc, project.asgi; print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0] > 5_000, gc.isenabled())"


def test_a_server_process_does_not_look_again_at_what_it_imported() -> None:
    found = subprocess.run([sys.executable, "-c", ASKED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["True", "True", "True"]
