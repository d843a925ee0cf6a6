"""A fax as a PDF: the pages as the fax machine coded them, put into another envelope. Pure; for faxes.py.

Asterisk leaves a TIFF (class F: RFC 2301). PDF knows the same codings (ISO 32000-1, 7.4.6, CCITTFaxDecode),
so that no picture is decoded here and no tool is needed that would have to be shipped, updated and trusted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PAGES_MAX = 1000
_WIDEST, _LONGEST = 10_000, 100_000
"""In dots. ITU-T T.4 has 1728 in a row of a sheet of A4, and 2432 of A3 (twice that if fine)."""
_POINTS = 72
_PER_INCH = {2: 1.0, 3: 2.54}
_SIZES = {3: ("H", 2), 4: ("I", 4)}
_RATIONAL = 5
# TIFF 6.0: what a tag is about.
_WIDTH, _ROWS, _CODING, _BLACK, _ORDER, _STRIPS, _LENGTHS = 256, 257, 259, 262, 266, 273, 279
_DENSITY_X, _DENSITY_Y, _T4_OPTIONS, _UNIT = 282, 283, 292, 296
_T4, _T6 = 3, 4
# A byte with its bits the other way round: fax machines send the lowest first.
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """A page: its size in dots and in points, how it is coded (PDF's K), and the code."""

    columns: int
    rows: int
    width: float
    height: float
    k: int
    is_black_one: bool
    code: bytes


def pages_of(tiff: bytes) -> list[Page]:
    """The pages of a fax; those that came whole, if the file ends too soon. ValueError: it is none."""
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        raise ValueError("no TIFF")
    order = "<" if tiff[:1] == b"I" else ">"
    found: list[Page] = []
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        while at and len(found) < PAGES_MAX:
            tags, at = _directory(tiff, order, at)
            found.append(_page(tiff, tags))
    except (struct.error, KeyError, IndexError, ZeroDivisionError):
        if not found:
            raise ValueError("no whole page") from None
    return found


def pdf_of(pages: list[Page]) -> bytes:
    """The pages as a PDF file."""
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", _tree(len(pages))]
    for at, page in enumerate(pages):
        parts += _parts(page, 3 + 3 * at)
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places: list[int] = []
    for number, part in enumerate(parts, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    begin = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, begin)
    return bytes(file)


def _directory(tiff: bytes, order: str, at: int) -> tuple[dict[int, list[float]], int]:
    """The tags of a page, numbers only, and where the next page is (0: nowhere)."""
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    tags: dict[int, list[float]] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", tiff, entry)
        tags[tag] = list(_values(tiff, order, kind, number, entry + 8))
    (after,) = struct.unpack_from(f"{order}I", tiff, at + 2 + 12 * count)
    # Written from the first page to the last: no way back, and so no ring.
    return tags, after if after > at else 0


def _values(tiff: bytes, order: str, kind: int, number: int, at: int) -> Iterator[float]:
    if number > len(tiff):
        return
    if kind == _RATIONAL:
        (place,) = struct.unpack_from(f"{order}I", tiff, at)
        above, below = struct.unpack_from(f"{order}II", tiff, place)
        yield above / below
    elif kind in _SIZES:
        letter, size = _SIZES[kind]
        place = at if number * size <= 4 else struct.unpack_from(f"{order}I", tiff, at)[0]
        yield from struct.unpack_from(f"{order}{number}{letter}", tiff, place)


def _page(tiff: bytes, tags: dict[int, list[float]]) -> Page:
    columns, rows, coding = int(tags[_WIDTH][0]), int(tags[_ROWS][0]), tags[_CODING][0]
    is_2d = bool(int(tags.get(_T4_OPTIONS, [0])[0]) & 1)
    # Spandsp writes a page as one strip; a page of several begins anew in each, which one picture cannot.
    if coding not in (_T4, _T6) or len(tags[_STRIPS]) != 1:
        raise KeyError(_CODING)
    begin, length = int(tags[_STRIPS][0]), int(tags[_LENGTHS][0])
    code = tiff[begin : begin + length]
    if not (0 < columns <= _WIDEST and 0 < rows <= _LONGEST and len(code) == length):
        raise IndexError
    inch = _PER_INCH.get(int(tags.get(_UNIT, [2])[0]), 1.0)
    return Page(
        columns=columns,
        rows=rows,
        width=_POINTS * columns / (tags[_DENSITY_X][0] * inch),
        height=_POINTS * rows / (tags[_DENSITY_Y][0] * inch),
        k=-1 if coding == _T6 else int(is_2d),
        is_black_one=tags.get(_BLACK, [0])[0] == 1,
        code=code.translate(_TURNED) if tags.get(_ORDER, [1])[0] == 2 else code,
    )


def _tree(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (3 + 3 * at) for at in range(count))
    return b"<</Type/Pages/Count %d/Kids[%b]>>" % (count, kids)


def _parts(page: Page, number: int) -> list[bytes]:
    """The page, what is drawn on it, and the picture; the page is part `number` of the file."""
    size = b"%.2f %.2f" % (page.width, page.height)
    sheet = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %b]/Contents %d 0 R/Resources<</XObject<</I %d 0 R>>>>>>"
        % (size, number + 1, number + 2)
    )
    drawn = b"%.2f 0 0 %.2f 0 0 cm /I Do" % (page.width, page.height)
    # T.4 ends each line with a pattern of its own, T.6 has none.
    coding = b"/EndOfLine %b" % (b"true" if page.k >= 0 else b"false")
    coding += b"/K %d/Columns %d/Rows %d/EndOfBlock false" % (page.k, page.columns, page.rows)
    picture = (
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 1/ColorSpace/DeviceGray%b"
        b"/Filter/CCITTFaxDecode/DecodeParms<<%b>>/Length %d>>\nstream\n%b\nendstream"
        % (
            *(page.columns, page.rows, b"/Decode[1 0]" if page.is_black_one else b""),
            *(coding, len(page.code), page.code),
        )
    )
    return [sheet, b"<</Length %d>>\nstream\n%b\nendstream" % (len(drawn), drawn), picture]
