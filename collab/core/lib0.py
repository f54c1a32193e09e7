"""lib0's variable-length encodings: total, bounded, sans I/O.

Ours instead of `pycrdt.Decoder` and `Encoder`, because those read varints without a bound (quadratic time on hostile
bytes), return short data on truncation, and write a string's length in characters instead of bytes.
"""

from .errors import ProtocolError

MAX_VAR_UINT_BYTES = 8
MAX_SAFE_INTEGER = 2**53 - 1  # lib0 throws above it, in every browser that reads the message


def read_var_uint(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned integer at `at`, and where it ends. Raises `ProtocolError` when it is cut off or over 2^53 - 1."""
    if at < len(data) and data[at] < 0x80:  # most integers have one byte
        return data[at], at + 1
    value = shift = 0
    for position in range(at, min(at + MAX_VAR_UINT_BYTES, len(data))):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_SAFE_INTEGER:
                break
            return value, position + 1
        shift += 7
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
