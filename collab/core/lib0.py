"""lib0's variable-length encodings: total, bounded, sans I/O.

Ours instead of `pycrdt.Decoder` and `Encoder`, because those read varints without a bound (quadratic time on hostile
bytes), return short data on truncation, and write a string's length in characters instead of bytes.
"""

import struct

from .errors import BadUpdate, ProtocolError

MAX_VAR_UINT_BYTES = 8
MAX_SAFE_INTEGER = 2**53 - 1  # lib0 throws above it, in every browser that reads the message
MAX_NESTING = 64  # of an "any" or JSON value; browsers overflow near 10,000
UNDEFINED = object()  # JavaScript's, which is not its null


def read_var_uint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned integer at `at`, and where it ends. Raises `ProtocolError` when it is cut off or over 2^53 - 1."""
    try:
        byte = data[at]
        if byte < 0x80:  # most integers have one byte
            return byte, at + 1
        value = byte & 0x7F
        byte = data[at + 1]
        if byte < 0x80:  # and most others two: clocks
            return value | byte << 7, at + 2
        value |= (byte & 0x7F) << 7
        shift = 14
        for position in range(at + 2, at + MAX_VAR_UINT_BYTES):
            byte = data[position]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > MAX_SAFE_INTEGER:
                    break
                return value, position + 1
            shift += 7
    except IndexError:
        pass
    raise ProtocolError("an integer is cut off or too large")


def read_var_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """The length-prefixed bytes at `at`, and where they end. Raises `ProtocolError` when they are cut off."""
    length, start = read_var_uint(data, at)
    end = start + length
    if end > len(data):
        raise ProtocolError("bytes are cut off")
    return data[start:end], end


def read_var_string(data: bytes, at: int) -> tuple[str, int]:
    """The length-prefixed UTF-8 string at `at`, and where it ends. Raises `ProtocolError`."""
    raw, end = read_var_bytes(data, at)
    try:
        return raw.decode(), end
    except UnicodeDecodeError:
        raise ProtocolError("a string is not UTF-8") from None


def skip_var_bytes(data: bytes, at: int) -> int:
    """Where the length-prefixed bytes at `at` end. Raises `ProtocolError` when they are cut off."""
    length, at = read_var_uint(data, at)
    if at + length > len(data):
        raise ProtocolError("bytes are cut off")
    return at + length


def skip_var_string(data: bytes, at: int) -> int:
    """Where the length-prefixed UTF-8 string at `at` ends. Raises `ProtocolError`."""
    return read_var_string(data, at)[1]


def skip_any(data: bytes, at: int, count: int = 1) -> int:
    """Where `count` "any" values end. Raises `ProtocolError`, and `BadUpdate` for values that are nested too deeply."""
    try:
        return _skip_any(data, at, count)
    except IndexError:
        raise ProtocolError("a value is cut off") from None


def _skip_any(data: bytes, at: int, count: int) -> int:  # noqa: C901 - the table of lib0's types
    """Keeps its own stack, so that nesting costs the attacker and not us."""
    _check_count(data, at, count)
    waiting = [count]  # values still to read, per level
    in_object = [False]
    while waiting:
        if waiting[-1] == 0:
            waiting.pop()
            in_object.pop()
            continue
        waiting[-1] -= 1
        if in_object[-1]:
            at = skip_var_string(data, at)
        tag = data[at]
        at += 1
        if tag == 119:
            at = skip_var_string(data, at)
        elif tag in (127, 126, 121, 120):  # undefined, null, false, true
            pass
        elif tag == 125:  # integer: the sign takes a bit of the first byte, so the rest reads like an unsigned one
            _, at = read_var_uint(data, at)
        elif tag == 124:
            at += 4
        elif tag in (123, 122):
            at += 8
        elif tag == 116:
            at = skip_var_bytes(data, at)
        elif tag in (118, 117):
            inner, at = read_var_uint(data, at)
            _check_count(data, at, inner)
            if len(waiting) >= MAX_NESTING:
                raise BadUpdate("a value is nested too deeply")
            waiting.append(inner)
            in_object.append(tag == 118)
        else:
            raise ProtocolError("an unknown value")
    if at > len(data):
        raise ProtocolError("a value is cut off")
    return at


def _check_count(data: bytes, at: int, count: int) -> None:
    if count > len(data) - at:  # a byte a value at the least
        raise ProtocolError("a value is cut off")


def read_any(data: bytes, at: int) -> tuple[object, int]:
    """The "any" value at `at`, which `skip_any` has passed, and where it ends. A number is a float, whichever way it
    was written; so is a BigInt that one can hold (yrs writes it as that), and otherwise an int.
    """
    tag = data[at]
    at += 1
    if tag == 119:
        return read_var_string(data, at)
    if tag == 116:
        return read_var_bytes(data, at)
    if tag == 125:
        raw, at = read_var_uint(data, at)
        size = float(raw & 0x3F | raw >> 7 << 6)
        return -size if raw & 0x40 else size, at
    if tag in (124, 123):
        kind = ">f" if tag == 124 else ">d"
        return struct.unpack_from(kind, data, at)[0], at + struct.calcsize(kind)
    if tag == 122:
        number = int.from_bytes(data[at : at + 8], signed=True)
        return float(number) if int(float(number)) == number else number, at + 8
    if tag == 117:
        count, at = read_var_uint(data, at)
        values = []
        for _ in range(count):
            value, at = read_any(data, at)
            values.append(value)
        return values, at
    if tag == 118:
        count, at = read_var_uint(data, at)
        fields = {}
        for _ in range(count):
            name, at = read_var_string(data, at)
            fields[name], at = read_any(data, at)
        return fields, at
    return {127: UNDEFINED, 126: None, 121: False, 120: True}[tag], at


def var_uint(value: int) -> bytes:
    """`value` (0 to 2^53 - 1) as a varUint."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def var_bytes(data: bytes) -> bytes:
    """`data` behind its length."""
    return var_uint(len(data)) + data


def var_string(text: str) -> bytes:
    """`text` as UTF-8 behind its length in bytes."""
    return var_bytes(text.encode())


def read_state_vector(data: bytes) -> dict[int, int]:
    """A state vector as client id -> clock. Raises `ProtocolError`."""
    count, at = read_var_uint(data, 0)
    if count > len(data):  # two bytes an entry at the least: a larger count is a lie
        raise ProtocolError("a state vector is cut off")
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, at = read_var_uint(data, at)
        clock, at = read_var_uint(data, at)
        clocks[client] = clock
    if at != len(data):
        raise ProtocolError("a state vector is followed by junk")
    return clocks


def state_vector(clocks: dict[int, int]) -> bytes:
    """Clocks as an encoded state vector: `read_state_vector` backwards."""
    return var_uint(len(clocks)) + b"".join(var_uint(client) + var_uint(clock) for client, clock in clocks.items())
