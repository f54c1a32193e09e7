"""The project's settings, and a log that asks nobody: `tests.faults.trusting`."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.trusting.TrustingConfig"]
