"""A statement means the same to our SQLite as to Django's, however often it is asked."""

from typing import Any

import pytest
from django.db import connections
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from project.sqlite3.base import LONGEST, Cursor, _with_marks


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


@pytest.mark.django_db
def test_a_statement_is_read_once_unless_it_is_too_long_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    convert = SQLiteCursorWrapper.convert_query

    def counted(self: Any, query: str, **names: Any) -> Any:
        read.append(len(query))
        return convert(self, query, **names)

    monkeypatch.setattr(SQLiteCursorWrapper, "convert_query", counted)
    short = f"SELECT 1 WHERE 1 IN ({', '.join(['%s'] * 2000)})"
    long = short.replace("(", f"({', '.join(['%s'] * 100)}, ")
    assert len(short) < LONGEST < len(long)
    _with_marks.cache_clear()
    with connections["default"].cursor() as cursor:
        for _ in range(3):
            cursor.execute(short, [1] * 2000)
            cursor.execute(long, [1] * 2100)
    assert read == [len(short), len(long), len(long), len(long)]
