"""Small images and sounds, made in code: the same bytes on every machine."""

from __future__ import annotations

import struct
import zlib

_SIDE = 16  # pixels; a JPEG of this side has four blocks


def png(seed: int) -> bytes:
    """Return an RGB image of 16 × 16 pixels."""
    rows = b"".join(
        b"\0"
        + bytes((seed * 37 + x * step + y * 5) % 256 for x in range(_SIDE) for step in (3, 7, 11))
        for y in range(_SIDE)
    )
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    # Stored, not compressed: what a compressor makes is its version's.
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(seed: int) -> bytes:
    """Return a grey baseline JPEG of 16 × 16 pixels, of one level."""
    quantization = _segment(0xDB, b"\0" + b"\x08" * 64)
    frame = _segment(0xC0, struct.pack(">BHHBBBB", 8, _SIDE, _SIDE, 1, 1, 0x11, 0))
    # DC: "0" is a difference of nothing, "10" one of six bits. AC: "0" ends the block.
    dc = _segment(0xC4, b"\0" + bytes([1, 1] + [0] * 14) + b"\0\6")
    ac = _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0")
    scan = _segment(0xDA, b"\1\1\0\0\x3f\0")
    first = f"10{32 + seed % 32:06b}0"
    bits = (first + "00" * 3).ljust(16, "1")
    data = int(bits, 2).to_bytes(2, "big")
    return b"\xff\xd8" + quantization + frame + dc + ac + scan + data + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def wav(seed: int) -> bytes:
    """Return a tenth of a second of a sawtooth: 16 bits, 16 kHz, one channel."""
    rate, samples = 16_000, 1_600
    data = struct.pack(f"<{samples}h", *((i * (101 + seed) % 4001) - 2000 for i in range(samples)))
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
