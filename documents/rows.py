"""Rows of any model as lines of JSON, the same whatever database they come from or go to.

A line is a list of values in the order of `columns`. Times keep their microseconds (Django's own serializers round
them), bytes are base64. Content types and permissions are named and not numbered: each installation numbers its own.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models.functions import Length

NAMED: tuple[type[models.Model], ...] = (ContentType, Permission)
CHUNK = 200
CHUNK_BYTES = 8 << 20  # a state may be 16 MiB: two hundred of them would fill the memory


class Foreign(Exception):
    """A line that does not fit this installation."""


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """What a line of this model has, in order."""
    return list(model._meta.local_concrete_fields)


def lines(model: type[models.Model]) -> Iterator[str]:
    """All rows by primary key, a few in memory at a time. Inside one transaction they are those of a moment."""
    fields = columns(model)
    names = [field.attname for field in fields]
    found = model._base_manager.order_by("pk")
    for span in _spans(model):
        for row in found.filter(pk__range=span).values_list(*names):
            yield json.dumps([_encode(*each) for each in zip(fields, row, strict=True)], ensure_ascii=False)


def _spans(model: type[models.Model]) -> Iterator[tuple[Any, Any]]:
    """First and last primary keys of rows that are a chunk together. Only bytes are counted: our texts are short."""
    size: Any = models.Value(0)
    for field in columns(model):
        if isinstance(field, models.BinaryField):
            size += Length(field.attname)
    found = model._base_manager.order_by("pk").values_list("pk", size)
    some = list(found[:CHUNK])
    while some:
        keys, total = [some[0][0]], some[0][1] or 0
        for key, more in some[1:]:
            total += more or 0
            if total > CHUNK_BYTES:
                break
            keys.append(key)
        yield keys[0], keys[-1]
        some = list(found.filter(pk__gt=keys[-1])[:CHUNK])


def chunks(source: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Lines, as many together as `insert` should be given at once."""
    some, total = list[bytes](), 0
    for line in source:
        if some and (len(some) == CHUNK or total + len(line) > CHUNK_BYTES):
            yield some
            some, total = [], 0
        some.append(line)
        total += len(line)
    if some:
        yield some


def read(model: type[models.Model], line: str | bytes, names: list[str]) -> models.Model:
    """The object that is in a line, whose values are those of the columns `names`. Raises `Foreign`."""
    values = json.loads(line)
    fields = {field.attname: field for field in columns(model)}
    try:
        return model(**{name: _decode(fields[name], value) for name, value in zip(names, values, strict=True)})
    except (KeyError, TypeError, ValueError) as error:
        raise Foreign(f"a row of {model._meta.label} does not fit: {type(error).__name__} {error}") from error


def insert(model: type[models.Model], objects: list[models.Model]) -> None:
    """Put these into the database exactly as they are: no default, no `auto_now`, no file is touched."""
    fields = columns(model)
    most = max(1, connection.ops.bulk_batch_size(fields, objects))
    manager: Any = model._base_manager
    for start in range(0, len(objects), most):
        manager._insert(objects[start : start + most], fields=fields, using=connection.alias, raw=True)


def last_number(model: type[models.Model]) -> int:
    """The highest primary key that was ever given, also to a row that is gone; 0 where the database gives none."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField):
        return 0
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        else:
            sequence = "pg_get_serial_sequence(%s, %s)::regclass"
            cursor.execute(f"SELECT pg_sequence_last_value({sequence})", [f'"{table}"', key.column])
        row = cursor.fetchone()
    return int(row[0] or 0) if row else 0


def go_on_after(model: type[models.Model], number: int) -> None:
    """Give no primary key up to `number`, or of a row that is there, to a new row."""
    key = model._meta.pk
    if not isinstance(key, models.AutoField):
        return
    table = model._meta.db_table
    number = max(number, model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0)
    if not number:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
        else:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [f'"{table}"', key.column, number])


def _encode(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if field.remote_field is not None and field.related_model in NAMED:
        return _name(field.related_model)(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value / timedelta(microseconds=1)
    return str(value) if isinstance(value, UUID) else value


def _decode(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    if field.remote_field is not None:
        if field.related_model in NAMED:
            return _number(field.related_model)(tuple(value))
        return _decode(field.target_field, value)  # type: ignore[attr-defined]
    if isinstance(field, models.BinaryField):
        return b64decode(value, validate=True)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(value)
    if isinstance(field, models.DurationField):
        return value * timedelta(microseconds=1)
    return value if isinstance(field, models.JSONField) else field.to_python(value)


def _name(model: Any) -> Callable[[int], list[str]]:
    return lambda number: list(_names(model, connection.alias)[number])


def _number(model: Any) -> Callable[[tuple[str, ...]], int]:
    numbers = {name: number for number, name in _names(model, connection.alias).items()}
    return lambda name: numbers[name]


@cache
def _names(model: Any, alias: str) -> dict[int, tuple[str, ...]]:
    return {each.pk: tuple(each.natural_key()) for each in model._base_manager.using(alias).all()}


def forget_names() -> None:
    """Read content types and permissions again: they may be another database's by now."""
    _names.cache_clear()
