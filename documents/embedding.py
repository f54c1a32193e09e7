"""A document's pictures within its file: a page that somebody saved cannot ask for them."""

from base64 import b64encode
from functools import cached_property

from .images import address_of
from .models import Document, DocumentImage

MAX_EMBEDDED_BYTES = 20 << 20  # of the files; in base64 a third more, and the whole export is held in memory


class Embedded:
    """Addresses of a document's own pictures as `data:` URLs, each use counted, until together they are too large."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left_bytes = MAX_EMBEDDED_BYTES

    def __call__(self, src: str) -> str:
        """The address to write in place of `src`: `src` itself for what is not ours, is lost, or has no place."""
        image = self._images.get(src)
        if image is None or image.size_bytes > self._left_bytes:
            return src
        try:
            with image.file.open("rb") as file:
                data = file.read()
        except FileNotFoundError:
            return src
        self._left_bytes -= len(data)
        return f"data:{image.content_type};base64,{b64encode(data).decode()}"

    @cached_property
    def _images(self) -> dict[str, DocumentImage]:
        return {address_of(image): image for image in self._document.images.all()}
