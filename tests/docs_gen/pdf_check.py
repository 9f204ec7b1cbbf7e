"""Are the files what they say they are? Draws every sample and reads it with other eyes: qpdf, poppler, pikepdf.

The structure is checked by our own rules too, since validators miss numbers used twice, a parent tree out of order, and
marks that are badly nested (PDF 32000-1 14.6 to 14.8)."""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import pikepdf

NAMES = ["ḪADĪJA ÑANDÚ-ØST ȘERBAN ÞÓRA NGUYỄN THỊ ÁNH", "Владимир Ελένη 王小明 नूर"]
ARABIC = "نور إليز حدّاد زيتون"


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def text_of(path, *options):
    out = subprocess.run(["pdftotext", *options, str(path), "-"], check=True, capture_output=True).stdout.decode()
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", out)


def fonts(path):
    lines = subprocess.run(["pdffonts", str(path)], check=True, capture_output=True).stdout.decode().splitlines()[2:]
    check(lines, path, "has no fonts")
    seen = set()
    for line in lines:
        name = line.split()[0]
        check(re.match(r"^[A-Z]{6}\+", name), name, "has no subset tag")
        check(name not in seen, name, "twice")
        seen.add(name)
        check(re.search(r"Identity-H\s+yes yes yes", line), line)


def font_programs(pdf):
    for obj in pdf.objects:
        if isinstance(obj, pikepdf.Dictionary) and obj.get("/Subtype") == "/CIDFontType2":
            check(isinstance(obj.CIDToGIDMap, pikepdf.Stream))
            d = obj.FontDescriptor
            for key in ("/FontBBox", "/CapHeight", "/StemV", "/Flags", "/Ascent", "/Descent", "/ItalicAngle"):
                check(key in d, key)
            check(d.FontName == obj.BaseFont)
            check(len(d.FontFile2.read_bytes()) == int(d.FontFile2.Length1))


def marks_of(stream):
    """MCIDs of one stream; every operator that paints must be inside a mark, and marks must nest."""
    paint = {"f", "F", "f*", "B", "B*", "b", "S", "s", "Tj", "TJ", "'", '"', "Do", "INLINE IMAGE", "sh"}
    depth, in_text, opened_in_text, mcids = [], False, [], []
    for operands, operator in pikepdf.parse_content_stream(stream):
        op = str(operator)
        if op in ("BDC", "BMC"):
            kind = str(operands[0])
            content = kind == "/Artifact"
            if op == "BDC" and isinstance(operands[1], pikepdf.Dictionary) and "/MCID" in operands[1]:
                mcids.append((int(operands[1].MCID), kind))
                content = True
                check(not any(depth), "an MCID or artifact inside another")
            depth.append(content)
            opened_in_text.append(in_text)
        elif op == "EMC":
            check(depth, "EMC without a beginning")
            depth.pop()
            check(opened_in_text.pop() == in_text, "a mark crosses a text object")
        elif op in ("BT", "ET"):
            in_text = op == "BT"
        elif op in paint:
            check(any(depth), op, "outside every mark")
    check(not depth, "a mark is left open")
    return mcids


def structure(pdf):
    root = pdf.Root.StructTreeRoot
    nums = list(root.ParentTree.Nums)
    tree = {int(nums[i]): nums[i + 1] for i in range(0, len(nums), 2)}
    check(sorted(tree) == list(range(len(tree))), "keys of the parent tree")
    owners = {}

    def walk(element, parent):
        check(element.is_indirect, element.S, "is a direct object")
        check(element.P.objgen == parent.objgen, "parent of", element.S)
        if element.S == "/Figure":
            check(str(element.get("/Alt", "")), "a Figure without Alt")
        if element.S == "/TH":
            check("/Scope" in element.A)
        if element.S == "/TR":
            check(all(k.S in ("/TH", "/TD") for k in element.K))
        if element.S == "/Table":
            rows = [len(list(r.K)) for r in element.K]
            check(len(set(rows)) == 1, "rows of unequal length", rows)
        kids = element.get("/K", [])
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary):
                if kid.get("/Type") == "/OBJR":
                    check(element.S == "/Form")
                    check(tree[int(kid.Obj.StructParent)].objgen == element.objgen, "widget's parent")
                else:
                    walk(kid, element)
            else:
                key = (element.Pg.objgen, int(kid))
                check(key not in owners, "an MCID with two elements", key)
                owners[key] = element.objgen

    check(len(root.K) == 1 and root.K[0].S == "/Document")
    walk(root.K[0], root)
    used = set()
    for page in pdf.pages:
        found = []
        for stream in page.Contents:
            found += marks_of(stream)
        numbers = [m for m, _ in found]
        check(len(numbers) == len(set(numbers)), "an MCID twice on a page")
        parents = tree[int(page.StructParents)]
        check(sorted(numbers) == list(range(len(parents))), "MCIDs and the parent tree differ")
        for mcid, kind in found:
            key = (page.objgen, mcid)
            check(owners[key] == parents[mcid].objgen, "parent tree out of order", key)
            check(str(parents[mcid].S) == kind, kind, parents[mcid].S)
            used.add(key)
        check(page.Tabs == "/S")
    check(used == set(owners), "elements name content that is not there")


def metadata(pdf, draft):
    xmp = pdf.Root.Metadata.read_raw_bytes().decode()
    check("/Filter" not in pdf.Root.Metadata)
    for part in ("<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "pdfaExtension:schemas"):
        check(part in xmp, part)
    title = re.search(r"x-default\">([^<]*)<", xmp).group(1)
    check(title == str(pdf.docinfo["/Title"]), title)
    check(draft or re.fullmatch("[SMR][0-9A-Z]{8}", title), "the title is the number alone:", title)
    created = re.search(r"<xmp:CreateDate>([^<]*)<", xmp).group(1)
    check("D:" + re.sub("[-:T]", "", created) == str(pdf.docinfo["/CreationDate"]))
    check(str(pdf.docinfo["/ModDate"]) == str(pdf.docinfo["/CreationDate"]))
    check(str(pdf.Root.Lang) == "es" and pdf.Root.MarkInfo.Marked and pdf.Root.ViewerPreferences.DisplayDocTitle)
    intent = pdf.Root.OutputIntents[0]
    check(intent.S == "/GTS_PDFA1" and intent.DestOutputProfile.N == 3)
    check(len(pdf.trailer.ID) == 2 and len(bytes(pdf.trailer.ID[0])) == 16)


def attachment(pdf):
    spec = pdf.Root.AF[0]
    check(spec.AFRelationship == "/Data" and str(spec.F) == str(spec.UF) == "record.json" and str(spec.Desc))
    check(spec.objgen == pdf.Root.Names.EmbeddedFiles.Names[1].objgen)
    data = spec.EF.F.read_bytes()
    check(spec.EF.F.Subtype == "/application/json" and int(spec.EF.F.Params.Size) == len(data))
    json.loads(data)


def signature(path, pdf, draft):
    raw = path.read_bytes()
    if draft:
        check("/AcroForm" not in pdf.Root and b"/ByteRange" not in raw)
        return
    field = pdf.Root.AcroForm.Fields[0]
    check(int(pdf.Root.AcroForm.SigFlags) == 3 and int(field.F) == 132 and "/TU" in field)
    check(field.V.SubFilter == "/ETSI.CAdES.detached" and field.V.Filter == "/Adobe.PPKLite")
    check(pdf.Root.Perms.DocMDP.objgen == field.V.objgen)
    check(int(field.V.Reference[0].TransformParams.P) == 1)
    check([float(v) for v in field.Rect] == [float(v) for v in field.AP.N.BBox])
    check(field.objgen in [a.objgen for page in pdf.pages for a in page.get("/Annots", [])])
    check(field.P.objgen in [page.objgen for page in pdf.pages])
    check(raw.count(b"/ByteRange [") == 1 and re.search(rb"/Contents <0+>", raw))


def texts(folder):
    names = text_of(folder / "letter-names.pdf")
    for name in NAMES:
        check(name in names, name)
    check(ARABIC in text_of(folder / "letter.pdf"), "Arabic")
    manifest = text_of(folder / "manifest.pdf")
    for name in ("ÇELEBİOĞLU", "BRÂNCUȘ", "DŁUGOSZ", "ΕΛΕΝΗ", "ВЛАДИМИРОВ", "NGUYỄN THỊ"):
        check(name in manifest, name)
    mrz = text_of(folder / "letter.pdf")
    check("PLUTOHADDAD<ZEITOUN<<NOUR<ELISE<<<<<" in mrz)
    for secret in ("PROTECTION", "protection_stay", "asylum", "refugee", "deport"):
        check(secret.lower() not in (folder / "letter.pdf").read_bytes().decode("latin1").lower(), secret)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.argv[1], "templates", name], check=True, stdout=subprocess.DEVNULL)
        files = sorted(folder.glob("*.pdf"))
        check(len(files) >= 13, "samples")
        for path in files:
            try:
                subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
                fonts(path)
                with pikepdf.open(path) as pdf:
                    check(str(pdf.pdf_version) == "1.7")
                    draft = path.stem.endswith("draft")
                    font_programs(pdf)
                    metadata(pdf, draft)
                    attachment(pdf)
                    signature(path, pdf, draft)
                    structure(pdf)
            except AssertionError as fault:
                raise AssertionError(f"{path.name}: {fault}") from fault
        texts(folder)
        print(len(files), "files,", hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:16])


main()
