"""ISO 19005-3, 6.3 to 6.5 and ISO 14289-1, 7.18: annotations, fields, signatures, actions."""

import re

import pikepdf
from asn1crypto import cms

from .content import appearances
from .rulebook import rule

ANNOTATIONS = {"/" + n for n in """Text Link FreeText Line Square Circle Polygon PolyLine Highlight Underline Squiggly StrikeOut Stamp Caret Ink Popup
 FileAttachment Widget PrinterMark TrapNet Watermark Redact""".split()}
ACTIONS = {"/" + n for n in "GoTo GoToR GoToE Thread URI Named SubmitForm".split()}


def area(annotation):
    left, bottom, right, top = (float(v) for v in annotation.Rect)
    return abs(right - left), abs(top - bottom)


def fields(file):
    """Every field of the form."""
    waiting, out = list(file.root.get("/AcroForm", pikepdf.Dictionary()).get("/Fields", [])), []
    while waiting:
        one = waiting.pop()
        out.append(one)
        waiting += [k for k in one.get("/Kids", [])]
    return out


@rule("A 6.3.1")
def annotation_types(file):
    for a in file.annotations:
        if str(a.get("/Subtype")) not in ANNOTATIONS:
            yield str(a.get("/Subtype"))


@rule("A 6.3.2")
def annotation_flags(file):
    for a in file.annotations:
        flags = a.get("/F")
        if a.get("/Subtype") != "/Popup" and (flags is None or not int(flags) & 4 or int(flags) & (1 | 2 | 32 | 256)):
            yield f"{a.get('/Subtype')}: /F {flags}"


@rule("A 6.3.3")
def annotation_appearances(file):
    for a in file.annotations:
        if str(a.get("/Subtype")) in ("/Popup", "/Link") or area(a) == (0, 0):
            continue
        if "/AP" not in a or list(a.AP.keys()) != ["/N"]:
            yield f"{a.get('/Subtype')}: /AP is not /N alone"
        elif a.get("/FT") != "/Btn" and not isinstance(a.AP.N, pikepdf.Stream):
            yield "an appearance that is no stream"


@rule("PDF 12.5.5")
def appearance_boxes(file):
    for a in file.annotations:
        for _, stream in appearances(a):
            box = [float(v) for v in stream.BBox]
            if stream.get("/Subtype") != "/Form" or abs(box[2] - box[0] - area(a)[0]) > 1 or abs(box[3] - box[1] - area(a)[1]) > 1:
                yield "an appearance of another size than its annotation"


@rule("A 6.4.1")
def form_actions(file):
    for one in fields(file) + [a for a in file.annotations if a.get("/Subtype") == "/Widget"]:
        if "/A" in one or "/AA" in one:
            yield "a field with an action"
    if file.root.get("/AcroForm", {}).get("/NeedAppearances", False):
        yield "/NeedAppearances"


@rule("A 6.4.2, UA 7.15")
def no_xfa(file):
    if "/XFA" in file.root.get("/AcroForm", {}) or file.root.get("/NeedsRendering", False):
        yield "an XFA form"


def signatures(file):
    return [f.V for f in fields(file) if f.get("/FT") == "/Sig" and "/V" in f]


@rule("A 6.4.3")
def byte_range(file):
    for value in signatures(file):
        numbers = [int(n) for n in value.get("/ByteRange", [])]
        if len(numbers) != 4 or numbers[0] != 0 or numbers[1] + 2 > numbers[2] or numbers[2] + numbers[3] > len(file.data):
            yield f"/ByteRange {numbers}"
            continue
        gap = file.data[numbers[1]:numbers[2]]
        if not re.fullmatch(rb"<[0-9A-Fa-f]*>", gap) or bytes.fromhex(gap[1:-1].decode()) != bytes(value.Contents):
            yield "the gap is not /Contents"
        if not re.search(rb"%%EOF(\r\n|\r|\n)?$", file.data[:numbers[2] + numbers[3]][-8:]):
            yield "a signature that ends inside of a revision"


@rule("A 6.4.3")
def signed_data(file):
    for value in signatures(file):
        data = cms.ContentInfo.load(bytes(value.Contents))["content"]
        if len(data["signer_infos"]) != 1:
            yield "not one signer"
        sid = data["signer_infos"][0]["sid"].chosen
        if not any(c.chosen.serial_number == sid["serial_number"].native for c in data["certificates"]):
            yield "the signer's certificate is not inside"


@rule("A 6.5.1")
def actions(file):
    for one in file.values():
        for key in ("/A", "/OpenAction", "/Next"):
            act = one.get(key)
            if isinstance(act, pikepdf.Dictionary) and "/S" in act and str(act.S) not in ACTIONS and one.get("/Type") != "/StructElem":
                yield str(act.S)
            elif isinstance(act, pikepdf.Dictionary) and act.get("/S") == "/Named" and \
                    str(act.get("/N")) not in ("/NextPage", "/PrevPage", "/FirstPage", "/LastPage"):
                yield f"the named action {act.get('/N')}"
    if "/JavaScript" in file.root.get("/Names", {}):
        yield "/JavaScript"


@rule("A 6.5.2")
def additional_actions(file):
    if "/AA" in file.root or any("/AA" in p for p in file.pages):
        yield "/AA"


def seen(annotation):
    return not int(annotation.get("/F", 0)) & 2


@rule("UA 7.18.1")
def annotations_described(file):
    for a in file.annotations:
        if not seen(a):
            continue
        if a.get("/Subtype") == "/Widget":
            if not str(a.get("/TU", "")):
                yield "a field without /TU"
        elif not str(a.get("/Contents", "")):
            yield f"{a.get('/Subtype')} without /Contents"


@rule("UA 7.18.2")
def no_trap_nets(file):
    if any(a.get("/Subtype") == "/TrapNet" and seen(a) for a in file.annotations):
        yield "a trap network"


@rule("UA 7.18.3")
def tab_order(file):
    for number, page in enumerate(file.pages, 1):
        if len(page.get("/Annots", [])) and page.get("/Tabs") != "/S":
            yield f"page {number}"
