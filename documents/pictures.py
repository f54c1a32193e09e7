"""Making a file from a stranger a picture we can show: its kind decided by its content, everything private taken out.

Pure: bytes in, bytes out. A still is decoded and encoded again, so that nothing but pixels survives (places, names,
thumbnails, programs behind the end). An animation keeps its frames byte for byte and loses every block that is none:
encoding it again would cost minutes. Both are decoded to the end first, one frame at a time.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin

from .containers import Malformed, strip_gif, strip_png, strip_webp

# The decoders' own guard, should a frame be larger than the header said: an error, and not a line in the log.
warnings.simplefilter("error", Image.DecompressionBombWarning)

HEADER_BYTES = 32
JPEG_QUALITY = 90  # where the tables of the original cannot be used again


class Kind(StrEnum):
    """The kinds there are, by Pillow's name."""

    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    WEBP = "WEBP"
    AVIF = "AVIF"

    @property
    def content_type(self) -> str:
        return f"image/{self.value.lower()}"

    @property
    def suffix(self) -> str:
        """For a file's name; with the dot."""
        return ".jpg" if self is Kind.JPEG else f".{self.value.lower()}"


# Whose frames are kept. A telephone's JPEG with a second picture behind the first (depth, brightness) is no animation.
ANIMATED = frozenset({Kind.GIF, Kind.PNG, Kind.WEBP})


@dataclass(frozen=True, slots=True)
class Limits:
    """`pixels` of one frame, `frames` in number, `all_pixels` of all frames of an animation together."""

    pixels: int
    frames: int
    all_pixels: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean picture: `data` is a file of this kind, `width` and `height` are as it is shown, in pixels."""

    kind: Kind
    width: int
    height: int
    data: bytes


class NoPicture(Exception):
    """A file that is not taken; composes a sentence for people."""


class UnknownKind(NoPicture):
    """Not one of the kinds, whatever its name or its sender says. SVG is among them: it is a program, too."""

    def __init__(self) -> None:
        super().__init__(_("This is not a PNG, JPEG, GIF, WebP or AVIF picture."))


class Broken(NoPicture):
    """It begins like a picture, and then is none: cut off, damaged or made up."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__(_("This %(kind)s picture is damaged or incomplete.") % {"kind": kind.value})


class TooLarge(NoPicture):
    """More pixels than are decoded here: a few hundred bytes can claim to be a square kilometre."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        values = {"limit": f"{limit / 1_000_000:g}"}
        super().__init__(_("This picture has too many pixels: at most %(limit)s million are possible.") % values)


class TooLong(NoPicture):
    """An animation with too many frames, or too many pixels in all of them."""

    def __init__(self, *, frames: int) -> None:
        self.frames = frames
        super().__init__(_("This animation is too long: make it smaller, or at most %(n)s frames.") % {"n": frames})


def clean(file: BinaryIO, *, limits: Limits) -> Picture:
    """The picture in `file`, without anything that is not picture. Raises `NoPicture`.

    Takes seconds of a processor for the largest: never call it on the event loop.
    """
    file.seek(0)
    kind = _kind_of(file.read(HEADER_BYTES))
    if kind is None:
        raise UnknownKind
    try:
        # Only this decoder: Pillow has sixty, some of which start other programs.
        with Image.open(file, formats=[kind.value]) as image:
            _check_size(image, limits)
            if kind is Kind.GIF or (kind in ANIMATED and getattr(image, "is_animated", False)):
                frames = _decode_all(image, limits)
                if frames > 1 or kind is Kind.GIF:
                    return Picture(kind, image.width, image.height, _strip(kind, file))
            return _encode_again(kind, image)
    except NoPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge(limit=limits.pixels) from error
    except Exception as error:  # Pillow raises a dozen kinds for damaged files
        raise Broken(kind) from error


def _kind_of(header: bytes) -> Kind | None:
    if header.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if header.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if header.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        return Kind.WEBP
    if header[4:8] == b"ftyp" and header[8:12] in (b"avif", b"avis"):
        return Kind.AVIF
    return None


def _check_size(image: Image.Image, limits: Limits) -> None:
    if image.width * image.height > limits.pixels:
        raise TooLarge(limit=limits.pixels)


def _decode_all(image: Image.Image, limits: Limits) -> int:
    """Decode one frame after the other, and tell how many. Never `n_frames`, which reads a million of them first."""
    frames = 0
    while True:
        if frames >= limits.frames or (frames + 1) * image.width * image.height > max(limits.all_pixels, limits.pixels):
            raise TooLong(frames=limits.frames)
        image.load()
        frames += 1
        try:
            image.seek(frames)
        except EOFError:
            return frames
        _check_size(image, limits)


def _strip(kind: Kind, file: BinaryIO) -> bytes:
    strip: Callable[[bytes], bytes] = {Kind.GIF: strip_gif, Kind.PNG: strip_png, Kind.WEBP: strip_webp}[kind]
    file.seek(0)
    try:
        stripped = strip(file.read())
    except Malformed as error:
        raise Broken(kind) from error
    # What a decoder made good in the whole file may be fatal in what is left of it.
    with Image.open(io.BytesIO(stripped), formats=[kind.value]) as image:
        image.load()
    return stripped


def _encode_again(kind: Kind, image: Image.Image) -> Picture:
    image.seek(0)
    image.load()
    options = _options(kind, image)
    # In place, where that can be: each copy of the largest has 200 MB.
    ImageOps.exif_transpose(image, in_place=True)  # cameras lie it on its side and say so in what we take out
    shown = _in_srgb(image)
    if kind is Kind.JPEG and shown.mode not in ("L", "RGB"):
        shown, options = shown.convert("RGB"), {"quality": JPEG_QUALITY}
    # What encoders write by themselves: a comment, a profile, a resolution.
    shown.info = {name: shown.info[name] for name in ("transparency",) if name in shown.info}
    out = io.BytesIO()
    shown.save(out, format=kind.value, **options)
    return Picture(kind, shown.width, shown.height, out.getvalue())


def _options(kind: Kind, image: Image.Image) -> dict[str, object]:
    if kind is Kind.JPEG:
        # The tables of the original: the same size and nothing visible lost, whatever quality it had.
        tables = getattr(image, "quantization", None)
        sampling = JpegImagePlugin.get_sampling(image)
        if tables and len(tables) <= 4 and sampling >= 0:
            return {"qtables": list(tables.values()), "subsampling": sampling, "progressive": True}
        return {"quality": JPEG_QUALITY, "progressive": True}
    if kind is Kind.WEBP:
        return {"quality": 90, "method": 3, "exact": True}
    if kind is Kind.AVIF:
        return {"quality": 80, "speed": 8}
    return {}


def _in_srgb(image: Image.Image) -> Image.Image:
    """The colours that its profile meant, in those every browser means. A profile that cannot be used is left out."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        target = ImageCms.createProfile("sRGB")
        if mode == image.mode:
            ImageCms.profileToProfile(image, source, target, inPlace=True)
            return image
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image
