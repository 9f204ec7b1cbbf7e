"""ISO 19005-3, 6.1: how the file is written."""

import re

import pikepdf

from .rulebook import rule
from .syntax import Lexer, Name, Reference, Text

FILTERS = {"ASCIIHexDecode", "ASCII85Decode", "FlateDecode", "RunLengthDecode", "CCITTFaxDecode", "JBIG2Decode", "DCTDecode", "JPXDecode"}
INLINE_FILTERS = (FILTERS - {"JBIG2Decode", "JPXDecode"}) | {"AHx", "A85", "Fl", "RL", "CCF", "DCT"}


def written(file):
    """Every value as it is written, with the number of its object."""
    for one in file.raw.indirects:
        for value in one.seen:
            yield one.number, value
    for section in file.raw.sections:
        seen = []
        if section.lines is not None:
            Lexer(file.data, file.data.index(b"trailer", section.at) + 7, seen=seen).value()
        for value in seen:
            yield "trailer", value


@rule("A 6.1.2, UA 6.1")
def header(file):
    if not re.match(rb"%PDF-1\.[0-7](\r\n|\r|\n)", file.data):
        yield f"the file begins with {file.data[:10]!r}"


@rule("A 6.1.2")
def binary_comment(file):
    line = re.split(rb"\r\n|\r|\n", file.data[:200])[1]
    if not re.match(rb"%[\x80-\xff]{4}", line):
        yield f"the second line is {line[:10]!r}"


@rule("A 6.1.3")
def trailer_id(file):
    for section in file.raw.sections:
        parts = section.trailer.get(b"ID")
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(p, Text) and p.value for p in parts):
            yield "a trailer has no /ID of two strings"
    firsts = {s.trailer[b"ID"][0].value for s in file.raw.sections if isinstance(s.trailer.get(b"ID"), list) and s.trailer[b"ID"]}
    if len(firsts) > 1:
        yield "revisions differ in the first part of /ID"


@rule("A 6.1.3")
def encryption(file):
    if any(b"Encrypt" in s.trailer for s in file.raw.sections):
        yield "the file is encrypted"


@rule("A 6.1.3")
def end_of_file(file):
    if not re.search(rb"%%EOF(\r\n|\r|\n)?$", file.data[-8:]):
        yield "bytes stand behind the last %%EOF"


@rule("A 6.1.4")
def cross_reference_table(file):
    for section in file.raw.sections:
        for i, line in enumerate(section.lines or []):
            good = (re.fullmatch(rb"xref(\r\n|\r|\n)", line) if i == 0 else
                    re.fullmatch(rb"\d+ \d+ ?(\r\n|\r|\n)|\d{10} \d{5} [nf]( \r| \n|\r\n)", line))
            if not good:
                yield f"line {i} of a table: {line!r}"


@rule("PDF 7.5.8")
def cross_reference_stream(file):
    for section in file.raw.sections:
        if section.lines is None:
            widths = section.trailer.get(b"W", [])
            if len(widths) != 3 or not all(type(w) is int and 0 <= w <= 8 for w in widths):
                yield f"/W is {widths}"
            if section.trailer[b"Size"] <= max(section.entries):
                yield "/Size is not above the last object's number"


@rule("PDF 7.5.7")
def object_streams(file):
    by_number = {one.number: one for one in file.raw.indirects}
    for number, (_, where) in file.raw.newest().items():
        if isinstance(where, tuple):
            holder = by_number.get(where[1])
            if holder is None or holder.value.get(b"Type") != b"ObjStm" or file.raw.compressed.get(number, (None,))[0] != where[1]:
                yield f"object {number} is not in the object stream that the cross reference names"
    for number, (_, value) in file.raw.compressed.items():
        if isinstance(value, dict) and value.get(b"Type") in (b"Catalog",) and b"Encrypt" in file.raw.trailer:
            yield f"object {number} has no place in an object stream"


@rule("A 6.1.6")
def hexadecimal_even(file):
    for number, value in written(file):
        if isinstance(value, Text) and value[:1] == b"<" and len(re.sub(rb"[\0\t\n\f\r ]", b"", value)) % 2:
            yield f"object {number}: an odd number of digits"


@rule("A 6.1.6")
def hexadecimal_digits(file):
    for number, value in written(file):
        if isinstance(value, Text) and value[:1] == b"<" and re.search(rb"[^0-9A-Fa-f\0\t\n\f\r ]", value[1:-1]):
            yield f"object {number}: {value[:30]!r}"


def streams(file):
    return [one for one in file.raw.indirects if one.stream]


@rule("A 6.1.7.1")
def stream_length(file):
    for one in streams(file):
        end = one.stream[0] + file.raw.length_of(one)
        if not re.match(rb"(\r\n|\r|\n)?endstream", file.data[end:end + 11]):
            yield f"object {one.number}: /Length is not where endstream is"


@rule("A 6.1.7.1")
def stream_ends_of_line(file):
    for one in streams(file):
        if one.stream[1] not in (b"\r\n", b"\n"):
            yield f"object {one.number}: {one.stream[1]!r} behind stream"
        end = one.stream[0] + file.raw.length_of(one)
        if not re.match(rb"(\r\n|\r|\n)endstream", file.data[end:end + 11]):
            yield f"object {one.number}: no end of line before endstream"


@rule("A 6.1.7.1")
def external_streams(file):
    for one in streams(file):
        for key in (b"F", b"FFilter", b"FDecodeParms"):
            if key in one.value:
                yield f"object {one.number} has /{key.decode()}"


@rule("A 6.1.7.2")
def filters(file):
    for one in streams(file):
        kinds = one.value.get(b"Filter", [])
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if isinstance(kind, Reference) or kind.decode("latin1") not in FILTERS:
                yield f"object {one.number}: {kind!r}"


@rule("A 6.1.10")
def inline_filters(file):
    for content in file.contents:
        for image in content.images:
            kinds = image.obj.get("/F", image.obj.get("/Filter", pikepdf.Array()))
            for kind in kinds if isinstance(kinds, pikepdf.Array) else [kinds]:
                if str(kind)[1:] not in INLINE_FILTERS:
                    yield f"{content.name}: {kind}"


@rule("A 6.1.8")
def names_are_utf8(file):
    for number, value in written(file):
        if isinstance(value, Name):
            try:
                value.value.decode()
            except UnicodeDecodeError:
                yield f"object {number}: {value!r}"


@rule("A 6.1.9")
def indirect_objects(file):
    """n g obj with single spaces on a line of their own, endobj too."""
    d = file.data
    for one in file.raw.indirects:
        if one.spaces != (b" ", b" "):
            yield f"object {one.number}: spaces of its head"
        if one.at and d[one.at - 1:one.at] not in (b"\r", b"\n"):
            yield f"object {one.number} does not begin a line"
        if d[one.head_end:one.head_end + 1] not in (b"\r", b"\n"):
            yield f"object {one.number}: no end of line behind obj"
        at = one.stream[0] + file.raw.length_of(one) if one.stream else one.body_end
        end = d.find(b"endobj", at)
        if d[end - 1:end] not in (b"\r", b"\n") or d[end + 6:end + 7] not in (b"\r", b"\n"):
            yield f"object {one.number}: endobj is not on a line of its own"


@rule("A 6.1.12")
def permissions(file):
    for key in file.root.get("/Perms", pikepdf.Dictionary()).keys():
        if key not in ("/UR3", "/DocMDP"):
            yield key
    if "/DocMDP" in file.root.get("/Perms", pikepdf.Dictionary()):
        for one in file.values():
            if one.get("/TransformMethod") == "/DocMDP":
                for key in ("/DigestLocation", "/DigestMethod", "/DigestValue"):
                    if key in one:
                        yield f"a reference of the signature has {key}"


@rule("A 6.1.13")
def integers(file):
    for number, value in written(file):
        if type(value) is int and not -2147483648 <= value <= 2147483647:
            yield f"object {number}: {value}"


@rule("A 6.1.13")
def reals(file):
    for number, value in written(file):
        if isinstance(value, float) and (abs(value) > 3.403e38 or 0 < abs(value) < 1.175e-38):
            yield f"object {number}: {value}"
    for content in file.contents:
        for value in content.numbers:
            if abs(value) > 3.403e38 or 0 < abs(value) < 1.175e-38:
                yield f"{content.name}: {value}"


@rule("A 6.1.13")
def strings_short(file):
    for number, value in written(file):
        if isinstance(value, Text) and len(value.value) > 32767:
            yield f"object {number}: a string of {len(value.value)} bytes"


@rule("A 6.1.13")
def names_short(file):
    for number, value in written(file):
        if isinstance(value, Name) and len(value.value) > 127:
            yield f"object {number}: a name of {len(value.value)} bytes"


@rule("A 6.1.13")
def saved_states(file):
    for content in file.contents:
        if content.deepest > 28:
            yield f"{content.name}: q is nested {content.deepest} deep"


@rule("A 6.1.13")
def page_boxes(file):
    for page in file.pages:
        for key in ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox"):
            if key in page:
                left, bottom, right, top = (float(v) for v in page[key])
                if not (3 <= abs(right - left) <= 14400 and 3 <= abs(top - bottom) <= 14400):
                    yield f"{key} of {abs(right - left)} by {abs(top - bottom)}"
