"""ISO 19005-3, 6.6 and 6.8, ISO 14289-1, 5 and 7.11: XMP, Info, and what is attached."""

import datetime
import re
import xml.etree.ElementTree as XML

import pikepdf

from .rulebook import rule

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
PDFAID, PDFUAID = "{http://www.aiim.org/pdfa/ns/id/}", "{http://www.aiim.org/pdfua/ns/id/}"
DC, XMP, PDF = "{http://purl.org/dc/elements/1.1/}", "{http://ns.adobe.com/xap/1.0/}", "{http://ns.adobe.com/pdf/1.3/}"
EXTENSION = "{http://www.aiim.org/pdfa/ns/extension/}"
SCHEMA, PROPERTY = "{http://www.aiim.org/pdfa/ns/schema#}", "{http://www.aiim.org/pdfa/ns/property#}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# the predefined schemas, as far as a document of ours could use them, with the form of each value
KNOWN = {PDFAID + "part": "integer", PDFAID + "conformance": "text", PDFAID + "amd": "text", PDFAID + "corr": "text",
         DC + "title": "Alt", DC + "description": "Alt", DC + "rights": "Alt", DC + "creator": "Seq", DC + "date": "Seq",
         DC + "subject": "Bag", DC + "language": "Bag", DC + "publisher": "Bag", DC + "contributor": "Bag", DC + "relation": "Bag",
         DC + "type": "Bag", DC + "format": "text", DC + "identifier": "text", DC + "source": "text", DC + "coverage": "text",
         XMP + "CreateDate": "date", XMP + "ModifyDate": "date", XMP + "MetadataDate": "date", XMP + "CreatorTool": "text",
         XMP + "Label": "text", XMP + "BaseURL": "text", XMP + "Nickname": "text", XMP + "Identifier": "Bag",
         PDF + "Producer": "text", PDF + "Keywords": "text", PDF + "PDFVersion": "text", PDF + "Trapped": "text"}
DATE = r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?"
FORMS = {"integer": r"[+-]?\d+", "date": DATE, "text": r"[^\0]*"}


def packet(file):
    return file.root.Metadata.read_bytes().decode("utf-8")


def tree(file):
    return XML.fromstring(packet(file))


def descriptions(file):
    return tree(file).findall(f".//{RDF}RDF/{RDF}Description")


def properties(file):
    """Tag -> element, attributes of rdf:Description too."""
    out = {}
    for one in descriptions(file):
        for child in one:
            out[child.tag] = child
        for key, value in one.attrib.items():
            if not key.startswith(RDF):
                out[key] = XML.Element(key)
                out[key].text = value
    return out


def plain(file, tag):
    one = properties(file).get(tag)
    return None if one is None or len(one) else (one.text or "").strip()


@rule("A 6.6.2.1, UA 7.1")
def metadata_stream(file):
    one = file.root.get("/Metadata")
    if not isinstance(one, pikepdf.Stream) or one.get("/Type") != "/Metadata" or one.get("/Subtype") != "/XML":
        yield "no metadata of the document"
    elif "/Filter" in one:
        yield "the packet is filtered"


@rule("A 6.6.2.1")
def packet_head(file):
    m = re.match("<\\?xpacket ([^?]*)\\?>", packet(file))
    if not m:
        yield "no xpacket at the beginning"
    elif "bytes" in m.group(1) or "encoding" in m.group(1):
        yield "bytes or encoding in the packet's head"
    if not re.search("<\\?xpacket end=[\"'][rw][\"']\\?>\\s*$", packet(file)):
        yield "no xpacket at the end"


@rule("A 6.6.2.1")
def packet_well_formed(file):
    try:
        root = tree(file)
        if len(root.findall(f".//{RDF}RDF")) + (root.tag == RDF + "RDF") != 1:
            yield "not one rdf:RDF"
    except (XML.ParseError, UnicodeDecodeError) as broken:
        yield str(broken)


def described(file):
    """(namespace, name) -> value type of the extension schemas, and the faults of the schemas themselves."""
    out, faults = {}, []
    holder = properties(file).get(EXTENSION + "schemas")
    if holder is None:
        return out, faults
    bag = holder.find(RDF + "Bag")
    if bag is None:
        return out, ["schemas is no Bag"]
    for schema in bag.findall(RDF + "li"):
        schema = schema.find(RDF + "Description") if schema.find(RDF + "Description") is not None else schema
        text = {k: (schema.findtext(SCHEMA + k) or "").strip() for k in ("schema", "namespaceURI", "prefix")}
        faults += [f"a schema without its {k}" for k, v in text.items() if not v]
        faults += [f"{c.tag} in a schema" for c in schema if c.tag not in {SCHEMA + k for k in ("schema", "namespaceURI", "prefix", "property", "valueType")}]
        sequence = schema.find(f"{SCHEMA}property/{RDF}Seq")
        if sequence is None:
            faults.append("property is no Seq")
            continue
        for one in sequence.findall(RDF + "li"):
            one = one.find(RDF + "Description") if one.find(RDF + "Description") is not None else one
            said = {k: (one.findtext(PROPERTY + k) or "").strip() for k in ("name", "valueType", "category", "description")}
            faults += [f"a property without its {k}" for k, v in said.items() if not v]
            if said["category"] not in ("internal", "external"):
                faults.append(f"the category {said['category']!r}")
            if said["valueType"] not in ("Integer", "Text", "Boolean", "Date", "URI"):
                faults.append(f"the type {said['valueType']!r}")
            out["{" + text["namespaceURI"] + "}" + said["name"]] = said["valueType"]
    return out, faults


@rule("A 6.6.2.3.1")
def properties_known(file):
    more, _ = described(file)
    for tag, one in properties(file).items():
        if tag in (EXTENSION + "schemas",):
            continue
        form = KNOWN.get(tag) or {"Integer": "integer", "Date": "date"}.get(more.get(tag), "text" if tag in more else None)
        if form is None:
            yield f"{tag} is described nowhere"
        elif form in ("Alt", "Seq", "Bag"):
            if len(one) != 1 or one[0].tag != RDF + form or not len(one[0]):
                yield f"{tag} is no {form}"
        elif len(one) or not re.fullmatch(FORMS[form], (one.text or "").strip()):
            yield f"{tag}: {one.text!r}"


@rule("A 6.6.2.3.3")
def extension_schemas(file):
    yield from described(file)[1]


@rule("A 6.6.4")
def archive_identified(file):
    if plain(file, PDFAID + "part") != "3" or plain(file, PDFAID + "conformance") != "A":
        yield "not part 3, conformance A"
    if PDFAID[1:-1] in packet(file) and not re.search(f"xmlns:pdfaid=[\"']{re.escape(PDFAID[1:-1])}[\"']", packet(file)):
        yield "another prefix than pdfaid"


@rule("UA 5")
def access_identified(file):
    if plain(file, PDFUAID + "part") != "1":
        yield "not part 1"
    if PDFUAID[1:-1] in packet(file) and not re.search(f"xmlns:pdfuaid=[\"']{re.escape(PDFUAID[1:-1])}[\"']", packet(file)):
        yield "another prefix than pdfuaid"


@rule("UA 7.1")
def title(file):
    one = properties(file).get(DC + "title")
    if one is None or not any((li.text or "").strip() for li in one.iter(RDF + "li")):
        yield "no dc:title"
    elif not any(li.get(LANG) == "x-default" for li in one.iter(RDF + "li")):
        yield "dc:title without x-default"


@rule("UA 7.1")
def title_displayed(file):
    if file.root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") is not True:
        yield "/DisplayDocTitle"


def moment(text):
    """A date of XMP or of Info as seconds."""
    m = re.match(r"(?:D:)?(\d{4})-?(\d\d)?-?(\d\d)?T?(\d\d)?:?(\d\d)?:?(\d\d)?(?:\.\d+)?(Z|[+-]\d\d[:']?\d\d)?", text)
    y, mo, d, h, mi, s = (int(v) if v else 1 if i in (1, 2) else 0 for i, v in enumerate(m.groups()[:6]))
    zone = m.group(7) or "Z"
    away = 0 if zone == "Z" else (int(zone[1:3]) * 60 + int(zone[-2:])) * (1 if zone[0] == "+" else -1)
    return datetime.datetime(y, mo, d, h, mi, s) - datetime.timedelta(minutes=away)


@rule("A 6.6.3")
def info_agrees(file):
    info = file.pdf.trailer.get("/Info", pikepdf.Dictionary())
    for key, tag in (("/CreationDate", XMP + "CreateDate"), ("/ModDate", XMP + "ModifyDate")):
        if key in info and (plain(file, tag) is None or moment(str(info[key])) != moment(plain(file, tag))):
            yield f"{key} differs"
    for key, tag in (("/Producer", PDF + "Producer"), ("/Creator", XMP + "CreatorTool"), ("/Keywords", PDF + "Keywords")):
        if key in info and str(info[key]) != plain(file, tag):
            yield f"{key} differs"
    one = properties(file).get(DC + "title")
    said = [li.text for li in one.iter(RDF + "li") if li.get(LANG) == "x-default"] if one is not None else []
    if "/Title" in info and [str(info.Title)] != said:
        yield "/Title differs"


# ---- what is attached ----

def specifications(file):
    return [v for v in file.values() if "/EF" in v]


@rule("A 6.8")
def embedded_types(file):
    for one in specifications(file):
        for key in one.EF.keys():
            kind = str(one.EF[key].get("/Subtype", ""))[1:]
            if not re.fullmatch(r"[-\w+.]+/[-\w+.]+", kind):
                yield f"a file of the type {kind!r}"


@rule("A 6.8")
def embedded_sizes(file):
    for one in specifications(file):
        stream = one.EF.get("/F")
        params = stream.get("/Params", {}) if stream is not None else {}
        if "/ModDate" not in params or int(params.get("/Size", -1)) != len(stream.read_bytes()):
            yield "/Params"


@rule("A 6.8, UA 7.11")
def specification_names(file):
    for one in specifications(file):
        if not str(one.get("/F", "")) or not str(one.get("/UF", "")) or str(one.F) != str(one.UF):
            yield "/F or /UF"
        if not str(one.get("/Desc", "")):
            yield "a file without a description"


@rule("A 6.8")
def relationships(file):
    for one in specifications(file):
        if str(one.get("/AFRelationship", "")) not in ("/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified"):
            yield f"/AFRelationship {one.get('/AFRelationship', None)}"


@rule("A 6.8")
def files_associated(file):
    associated = {s.objgen for v in file.values() for s in (v.get("/AF", []) if isinstance(v.get("/AF"), pikepdf.Array) else [])}
    for one in specifications(file):
        if one.objgen not in associated:
            yield f"{one.get('/UF')} is associated with nothing"


@rule("PDF 7.11.4")
def files_listed(file):
    listed, waiting = set(), [file.root.get("/Names", pikepdf.Dictionary()).get("/EmbeddedFiles", pikepdf.Dictionary())]
    while waiting:
        node = waiting.pop()
        waiting += list(node.get("/Kids", []))
        listed |= {s.objgen for s in list(node.get("/Names", []))[1::2]}
    for one in specifications(file):
        if one.objgen not in listed:
            yield f"{one.get('/UF')} is not in the catalogue's names"
