"""The sockets: docs/wire.md."""

from django.urls import path, re_path

from .consumers import DocumentConsumer
from .hocuspocus import HocuspocusConsumer
from .home import HomeConsumer

websocket_urlpatterns = [
    re_path(r"^ws/hocuspocus/?$", HocuspocusConsumer.as_asgi()),  # the provider takes a slash at the end away
    path("ws/documents/<uuid:document>/", DocumentConsumer.as_asgi()),
    path("ws/home/", HomeConsumer.as_asgi()),
]
