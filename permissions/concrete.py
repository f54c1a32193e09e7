"""The concrete models behind the abstract ones: what is guarded here, and the rows that stand beside an object."""

from typing import Any

from django.apps import apps
from django.db import models

from .models import Guarded


def guarded_models() -> list[type[Guarded]]:
    """Every model whose objects are shared by roles; a proxy is one of them by another name."""
    return [model for model in apps.get_models() if issubclass(model, Guarded) and not model._meta.proxy]


def rows_beside(model: type[Guarded], name: str) -> models.QuerySet[Any]:
    """All rows of the model that points to `model` as `content_object`, and is its `name` in return."""
    fields: Any = model._meta
    related: Any = fields.get_field(name).related_model
    rows: models.QuerySet[Any] = related._default_manager.all()
    return rows
