"""The ASGI application: pages through Django, sockets through `collab`, to which no foreign page gets."""

import os
import sys
from typing import Any, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
pages = get_asgi_application()  # sets Django up: nothing that imports a model may come before it

from collab.routing import websocket_urlpatterns  # noqa: E402

from .bodies import BodyLimit  # noqa: E402
from .collector import settle  # noqa: E402
from .daphne_bodies import bound_daphne  # noqa: E402
from .doorstep import Doorstep  # noqa: E402
from .origin import OriginCheck, refuse  # noqa: E402
from .probes import Probes  # noqa: E402
from .shutdown import leave_in_order  # noqa: E402
from .trace import Traced  # noqa: E402

leave_in_order()
if "daphne.server" in sys.modules:  # it is the server
    bound_daphne()

# An address nobody serves is refused like a forbidden one; URLRouter alone would raise.
elsewhere: Any = re_path("", cast(Any, refuse))
sockets_and_pages = ProtocolTypeRouter(
    {
        "http": BodyLimit(cast(Any, pages)),
        # No AuthMiddlewareStack: admission reads the session cookie itself, in the one visit to the database it makes.
        "websocket": Doorstep(OriginCheck(URLRouter([*websocket_urlpatterns, elsewhere]))),
    }
)
application = Traced(Probes(sockets_and_pages))
settle()
