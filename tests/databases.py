"""Putting another database under Django's ORM for a while, on every thread."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import SyncToAsync
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from guardian.shortcuts import clear_ct_cache

from project.environment import read_database

from .servers import ROOT

# Both commit for real, so that other threads and the async ORM see what a test wrote.
on_sqlite = pytest.param("sqlite", marks=pytest.mark.django_db(transaction=True))
either_database = pytest.mark.parametrize("database", [on_sqlite, "postgresql"], indirect=True)
only_postgres = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@contextmanager
def used_database(url: str) -> Iterator[None]:
    """The default connection is to this database within the block."""
    before = connections.settings["default"]
    config = read_database(url, base=ROOT, pool_size=0)
    config["TIME_ZONE"] = None
    forget_connections()
    connections.settings["default"] = connections.configure_settings({"default": config})["default"]
    try:
        yield
    finally:
        forget_connections()
        connections.settings["default"] = before


def forget_connections() -> None:
    """Close the connection of this thread and of the one that the async ORM uses; the next query opens another."""
    _forget()
    SyncToAsync.single_thread_executor.submit(_forget).result()
    # The numbers of content types differ from database to database.
    ContentType.objects.clear_cache()
    clear_ct_cache()


def _forget() -> None:
    connection = connections["default"]
    connection.close()
    del connections["default"]
