"""The files animations come in, taken apart and put together again without what is no picture. Pure.

GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt · PNG: https://www.w3.org/TR/png-3/ ·
WebP: https://developers.google.com/speed/webp/docs/riff_container
"""

import struct
import zlib

# What changes pixels or their timing. Text, times, EXIF, profiles and everything unknown is left out.
PNG_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IEND"}
)
WEBP_CHUNKS = frozenset({b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"})
WEBP_FRAME_CHUNKS = frozenset({b"ALPH", b"VP8 ", b"VP8L"})
WEBP_PRIVATE_FLAGS = 0x20 | 0x08 | 0x04  # ICC profile, EXIF, XMP
WEBP_FRAME_HEADER_BYTES = 16
GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")  # how often to repeat
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Malformed(Exception):
    """The parts do not fit together, or the file ends in the middle of one."""


def strip_gif(data: bytes) -> bytes:
    """The header, the colour tables, the frames with their timing and the loop. Raises `Malformed`."""
    read = _Reader(data)
    out = bytearray(read.take(13))
    out += read.take(_gif_table_bytes(out[10]))
    while True:
        block = read.take(1)
        if block == b"\x3b":  # the trailer; what hides behind it stays there
            return bytes(out + block)
        if block == b"\x2c":
            descriptor = read.take(9)
            out += block + descriptor + read.take(_gif_table_bytes(descriptor[8])) + read.take(1) + _gif_blocks(read)
        elif block == b"\x21":
            label = read.take(1)
            content = _gif_blocks(read)
            # Of each only what it is defined to hold: more sub-blocks would be a place to hide things.
            if label == b"\xf9" and content[:1] == b"\x04":
                out += block + label + content[:5] + b"\0"
            elif label == b"\xff" and content[1:12] in GIF_LOOPS and content[12:14] == b"\x03\x01":
                out += block + label + content[:16] + b"\0"
        else:
            raise Malformed


def strip_png(data: bytes) -> bytes:
    """The chunks of `PNG_CHUNKS`, each with a sum that is right. Raises `Malformed`."""
    read = _Reader(data)
    if read.take(8) != PNG_SIGNATURE:
        raise Malformed
    out = bytearray(PNG_SIGNATURE)
    while True:
        (length,) = struct.unpack(">I", read.take(4))
        name = read.take(4)
        content = read.take(length)
        (found,) = struct.unpack(">I", read.take(4))
        if found != zlib.crc32(name + content):
            raise Malformed
        if name in PNG_CHUNKS:
            out += struct.pack(">I", length) + name + content + struct.pack(">I", found)
        if name == b"IEND":
            return bytes(out)


def strip_webp(data: bytes) -> bytes:
    """The chunks of `WEBP_CHUNKS`, also within each frame. Raises `Malformed`."""
    read = _Reader(data)
    if read.take(4) != b"RIFF":
        raise Malformed
    (size,) = struct.unpack("<I", read.take(4))
    if read.take(4) != b"WEBP":
        raise Malformed
    body = bytearray()
    for name, content in _webp_chunks(_Reader(read.take(size - 4))):
        if name not in WEBP_CHUNKS:
            continue
        if name == b"VP8X":
            content = bytes([content[0] & ~WEBP_PRIVATE_FLAGS]) + content[1:]
        elif name == b"ANMF":
            inner = _webp_chunks(_Reader(content[WEBP_FRAME_HEADER_BYTES:]))
            parts = [_webp_chunk(part, found) for part, found in inner if part in WEBP_FRAME_CHUNKS]
            content = content[:WEBP_FRAME_HEADER_BYTES] + b"".join(parts)
        body += _webp_chunk(name, content)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + bytes(body)


class _Reader:
    """Bytes taken in order."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises `Malformed` when there are fewer."""
        if count < 0 or count > self.left:
            raise Malformed
        self._at += count
        return bytes(self._data[self._at - count : self._at])


def _gif_table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks(read: _Reader) -> bytes:
    """Sub-blocks up to and with the empty one."""
    out = bytearray()
    while True:
        size = read.take(1)
        out += size
        if size == b"\0":
            return bytes(out)
        out += read.take(size[0])


def _webp_chunks(read: _Reader) -> list[tuple[bytes, bytes]]:
    found = []
    while read.left:
        name = read.take(4)
        (length,) = struct.unpack("<I", read.take(4))
        content = read.take(length)
        if length % 2 and read.left:
            read.take(1)
        if name == b"VP8X" and length != 10:
            raise Malformed
        if name == b"ANMF" and length < WEBP_FRAME_HEADER_BYTES:
            raise Malformed
        found.append((name, content))
    return found


def _webp_chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
