"""Pages for fax machines: pictures as TIFF files and back, by the library that ships with Asterisk's fax."""

from __future__ import annotations

import ctypes
import re
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt

type Picture = npt.NDArray[np.uint8]
"""Rows of dots, 1 is black."""

WIDTH = 1728
DENSITY = struct.pack("<IIII", 204, 1, 196, 1)
"""Dots to the inch, across and down."""
_NAMES = {"columns": 256, "rows": 257}


def picture(rows: int, seed: int) -> Picture:
    """A known page: a block, wedges of every width, and lines of text's size."""
    made = np.zeros((rows, WIDTH), np.uint8)
    made[40:90, 100 + 40 * seed : 400 + 40 * seed] = 1
    for at in range(100, rows - 60):
        made[at, 200 : 200 + at] = at % 7 > 2
    made[-50:, :] = np.arange(WIDTH) % 32 < 16
    return made


def write(file: Path, pages: list[Picture]) -> None:
    """A TIFF of them as a fax machine scans them (204 by 196 to the inch), not compressed."""
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for one in pages:
        data = np.packbits(one, axis=1).tobytes()
        place, density = len(out), len(out) + len(data)
        out += data + DENSITY
        height, width = one.shape
        append(out, link, tags(width, height, place, len(data), density))
        link = len(out) - 4
    file.write_bytes(out)


def tags(
    width: int, rows: int, place: int, length: int, density: int, *, coding: int = 1
) -> list[tuple[int, int, int]]:
    """Tag, kind and value of a page, not compressed unless said."""
    return [
        *((256, 4, width), (257, 4, rows), (258, 3, 1), (259, 3, coding), (262, 3, 0), (266, 3, 1)),
        *((273, 4, place), (277, 3, 1), (278, 4, rows), (279, 4, length)),
        *((282, 5, density), (283, 5, density + 8), (296, 3, 2)),
    ]


def append(out: bytearray, link: int, entries: list[tuple[int, int, int]]) -> None:
    """Adds a page's tags, to which the place `link` leads."""
    if len(out) % 2:
        out += b"\0"
    struct.pack_into("<I", out, link, len(out))
    out += struct.pack("<H", len(entries))
    out += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    out += bytes(4)


def read(file: Path) -> list[Picture]:
    """The pictures in a TIFF file, decoded by libtiff."""
    tiff = ctypes.CDLL("libtiff.so.6")
    tiff.TIFFOpen.restype = ctypes.c_void_p
    opened = ctypes.c_void_p(tiff.TIFFOpen(str(file).encode(), b"r"))
    assert opened, file
    found: list[Picture] = []
    while True:
        size = dict.fromkeys(_NAMES, 0)
        for name, tag in _NAMES.items():
            value = ctypes.c_uint32()
            assert tiff.TIFFGetField(opened, tag, ctypes.byref(value)) == 1
            size[name] = value.value
        row = ctypes.create_string_buffer((size["columns"] + 7) // 8)
        rows = []
        for at in range(size["rows"]):
            assert tiff.TIFFReadScanline(opened, row, at, 0) == 1, f"row {at}"
            rows.append(np.unpackbits(np.frombuffer(row.raw, np.uint8))[: size["columns"]])
        found.append(np.array(rows))
        if not tiff.TIFFReadDirectory(opened):
            break
    tiff.TIFFClose(opened)
    return found


def pictures(pdf: Path) -> list[Picture]:
    """The pictures in a PDF of a fax, each decoded as the PDF says that it is coded."""
    content = pdf.read_bytes()
    found: list[Picture] = []
    for parms, length, at in (
        (one[1], int(one[2]), one.end())
        for one in re.finditer(rb"/DecodeParms<<([^>]*)>>/Length (\d+)>>\nstream\n", content)
    ):
        told = {name.decode(): int(value) for name, value in re.findall(rb"/(\w+) (-?\d+)", parms)}
        code = content[at : at + length]
        out = bytearray(b"II*\0\0\0\0\0" + code + DENSITY)
        coding = 4 if told["K"] < 0 else 3
        page = tags(told["Columns"], told["Rows"], 8, length, 8 + length, coding=coding)
        append(out, 4, sorted([*page, (292, 4, int(told["K"] > 0))]))
        file = pdf.with_suffix(".check")
        file.write_bytes(out)
        found += read(file)
    return found
