"""The project's settings with `tests.faults.layers.LossyLayer` in place of Redis' own channel layer."""

from project.settings import *  # noqa: F403
from project.settings import CHANNEL_LAYERS

CHANNEL_LAYERS = {"default": {**CHANNEL_LAYERS["default"], "BACKEND": "tests.faults.layers.LossyLayer"}}
