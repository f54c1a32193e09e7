"""The project's settings, and a journal that lies: `tests.faults.premature`."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.premature.PrematureConfig"]
