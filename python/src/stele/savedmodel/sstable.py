"""Reads a table in LevelDB's format: blocks of sorted keys, and an index of the blocks.

TensorFlow writes the index of a checkpoint in this format: uncompressed, or with
snappy where it was built with that.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
# Behind each block: one byte that says how it is compressed, and a CRC.
_TRAILER_BYTES = 5
_UNCOMPRESSED, _SNAPPY = 0, 1
# Snappy's densest element: three bytes that stand for 64. A block that claims to grow
# more is damaged, and would only cost memory.
_MOST_GROWTH = 64


def entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a table's keys and values, sorted by key.

    Raises:
        ValueError: It is damaged.
    """
    if len(data) < _FOOTER_BYTES:
        raise ValueError(f"{len(data)} bytes are too few for a table")
    footer = data[-_FOOTER_BYTES:]
    if struct.unpack_from("<Q", footer, _FOOTER_BYTES - 8)[0] != _MAGIC:
        raise ValueError("it does not end like a table")
    # The first of the footer's two handles is for metadata, which nobody writes.
    _, position = _handle(footer, 0)
    index_handle, _ = _handle(footer, position)
    last = None
    for _, value in _entries(_block(data, index_handle)):
        handle, _ = _handle(value, 0)
        for key, entry in _entries(_block(data, handle)):
            if last is not None and key <= last:
                raise ValueError(f"key {key!r} is out of order")
            last = key
            yield key, entry


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = varint(data, position)
    size, position = varint(data, position)
    return (offset, size), position


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    end = offset + size
    if end + _TRAILER_BYTES > len(data) - _FOOTER_BYTES:
        raise ValueError(f"a block of {size} bytes at {offset} reaches beyond its end")
    kind, crc = struct.unpack_from("<BI", data, end)
    if _masked(_crc32c(data[offset : end + 1])) != crc:
        raise ValueError(f"the block at {offset} does not match its checksum")
    if kind == _SNAPPY:
        return _decompressed(data[offset:end])
    if kind != _UNCOMPRESSED:
        raise ValueError(f"the block at {offset} is of the unknown type {kind}")
    return data[offset:end]


def _decompressed(block: bytes) -> bytes:
    # Megabytes of codecs, for the few indexes that are compressed.
    import cramjam

    try:
        if cramjam.snappy.decompress_raw_len(block) > _MOST_GROWTH * len(block):
            raise ValueError("a compressed block claims to be larger than it can be")
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as error:
        raise ValueError(f"a compressed block is damaged: {error}") from error


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a block's keys and values; each key is stored as what differs from the last."""
    if len(block) < 4:
        raise ValueError("a block is too short")
    (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise ValueError(f"a block of {len(block)} bytes cannot have {restarts} restarts")
    key, position = b"", 0
    while position < end:
        shared, position = varint(block, position)
        unshared, position = varint(block, position)
        size, position = varint(block, position)
        value = position + unshared
        if shared > len(key) or value + size > end:
            raise ValueError("an entry reaches beyond its block")
        key = key[:shared] + block[position:value]
        position = value + size
        yield key, block[value:position]


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Read a varint64: its value, and the position behind it.

    Raises:
        ValueError: The data ends inside of it, or it is too long.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number is cut short or too long")


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC32C = _crc32c_table()


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _masked(crc: int) -> int:
    """Mask a CRC as LevelDB does, for a CRC over bytes that hold CRCs is a weak one."""
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
