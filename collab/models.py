"""No tables: a name under which an operator may be given rights on what is open."""

from documents.models import Document


class OpenDocument(Document):
    """A document, as the operator's page about open rooms sees it."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        permissions = (("close_opendocument", "Can close an open document"),)
        verbose_name = "open document"
        verbose_name_plural = "open documents"
