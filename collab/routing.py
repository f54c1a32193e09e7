"""The sockets: docs/wire.md."""

from django.urls import path

from .consumers import DocumentConsumer

websocket_urlpatterns = [path("ws/documents/<uuid:document>/", DocumentConsumer.as_asgi())]
