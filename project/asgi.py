"""The ASGI application: pages through Django, sockets through `collab`, to which no foreign page gets."""

import os
from typing import Any, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
pages = get_asgi_application()  # sets Django up: nothing that imports a model may come before it

from collab.routing import websocket_urlpatterns  # noqa: E402

from .origin import OriginCheck, refuse  # noqa: E402

# An address nobody serves is refused like a forbidden one; URLRouter alone would raise.
elsewhere: Any = re_path("", cast(Any, refuse))
application = ProtocolTypeRouter(
    {
        "http": pages,
        # No AuthMiddlewareStack: admission reads the session cookie itself, in the one visit to the database it makes.
        "websocket": OriginCheck(URLRouter([*websocket_urlpatterns, elsewhere])),
    }
)
