"""Picture files for tests, clean ones and ones with things in them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

SECRET = "Ada was here"  # put into every corner a format has; must never come out
XMP = f"<x:xmpmeta><rdf:RDF>{SECRET}</rdf:RDF></x:xmpmeta>".encode()
GPS = 0x8825


def still(kind: str = "PNG", *, size: tuple[int, int] = (40, 30), color: Any = "#2f49c9", **options: Any) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind, **options)
    return out.getvalue()


def animation(kind: str = "GIF", *, frames: int = 3, size: tuple[int, int] = (16, 12), **options: Any) -> bytes:
    out = io.BytesIO()
    made = [Image.new("RGB", size, (n * 37 % 256, n * 91 % 256, 40)) for n in range(frames)]
    made[0].save(out, kind, save_all=True, append_images=made[1:], duration=80, loop=0, **options)
    return out.getvalue()


def exif(*, orientation: int = 1) -> Image.Exif:
    """Where and by whom."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x013B] = SECRET
    found[0x010E] = SECRET
    degrees = (IFDRational(52), IFDRational(31), IFDRational(12))
    found.get_ifd(GPS).update({1: "N", 2: degrees, 3: "E", 4: degrees, 0x1D: "2026:11:22"})
    return found


def photograph(kind: str, *, orientation: int = 1, size: tuple[int, int] = (40, 30), text: str = SECRET) -> bytes:
    """A still with everything a camera and an editor write into it, and a program behind its end."""
    options: dict[str, Any] = {"exif": exif(orientation=orientation)}
    if kind == "JPEG":
        options |= {"comment": text.encode(), "xmp": XMP}
    elif kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", text)
        notes.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"] = notes
    else:
        options["xmp"] = XMP
    behind = b"" if kind in ("WEBP", "AVIF") else b"<script>" + text.encode() + b"</script>"
    return still(kind, size=size, **options) + behind


def gif_with_secrets(text: str = SECRET) -> bytes:
    """An animated GIF with a comment, XMP, more behind the loop count, and a program behind its end."""
    data = animation("GIF", comment=text.encode())
    head = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    said = text.encode()[:200]
    application = b"\x21\xff\x0bXMP DataXMP" + bytes([len(said)]) + said + b"\0"
    hidden = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0" + bytes([len(said)]) + said + b"\0"
    return data[:head] + application + hidden + data[head:] + said


def animated_png_with_secrets(text: str = SECRET) -> bytes:
    data = animation("PNG")
    chunk = b"tEXt" + b"Comment\0" + text.encode()
    made = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:33] + made + data[33:] + text.encode()


def animated_webp_with_secrets() -> bytes:
    return animation("WEBP", exif=exif().tobytes(), xmp=XMP)


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
