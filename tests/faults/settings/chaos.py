"""The project's settings for a process of the chaos run: its clock is off by CLOCK_OFF_S, and with LOSSY=1 it loses
every tenth message. MUTANT=premature or trusting breaks a promise, which the run should notice.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

OFF_S = float(os.environ.get("CLOCK_OFF_S") or 0)
if OFF_S:
    real: Any = time.time
    changed: Any = time
    changed.time = lambda: real() + OFF_S
    changed = timezone
    changed.now = lambda: datetime.now(UTC) + timedelta(seconds=OFF_S)

from project.settings import *  # noqa: F403, E402
from project.settings import CHANNEL_LAYERS, INSTALLED_APPS  # noqa: E402

if os.environ.get("LOSSY") == "1":
    CHANNEL_LAYERS = {"default": {**CHANNEL_LAYERS["default"], "BACKEND": "tests.faults.layers.LossyLayer"}}

if mutant := os.environ.get("MUTANT"):
    INSTALLED_APPS = [*INSTALLED_APPS, f"tests.faults.{mutant}.{mutant.title()}Config"]
