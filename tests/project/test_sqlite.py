"""A statement means the same to our SQLite as to Django's, however often it is asked."""

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from project.sqlite3.base import Cursor


@pytest.mark.django_db
@pytest.mark.parametrize("_time", [1, 2])
def test_statements_are_put_into_sqlites_style(_time: int) -> None:
    with connections["default"].cursor() as cursor:
        assert isinstance(cursor.cursor, Cursor)
        cursor.execute("SELECT %s, '100%%', %s", ["a%sb", 2])
        assert cursor.fetchall() == [("a%sb", "100%", 2)]
        cursor.execute("SELECT %(two)s, %(one)s, '100%%'", {"one": 1, "two": 2})
        assert cursor.fetchall() == [(2, 1, "100%")]
        cursor.execute("SELECT '%s'")
        assert cursor.fetchall() == [("%s",)]


@pytest.mark.parametrize("query", ["SELECT %s", "SELECT '%%s', %s", "SELECT '%%'", "%s%s %%s"])
def test_it_is_djangos_style(query: str) -> None:
    assert Cursor.convert_query(None, query) == SQLiteCursorWrapper.convert_query(None, query)  # type: ignore[arg-type]
