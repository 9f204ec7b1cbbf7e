"""Are the files what they say they are? Draws every sample and reads it with other eyes: qpdf, poppler, and the rules of tests/archive."""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import pikepdf

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from archive import judge  # noqa: E402

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


def metadata(pdf, draft):
    title = str(pdf.docinfo["/Title"])
    check(draft or re.fullmatch("[SMR][0-9A-Z]{8}", title), "the title is the number alone:", title)
    check(str(pdf.docinfo["/ModDate"]) == str(pdf.docinfo["/CreationDate"]))
    check(str(pdf.Root.Lang) == "es")
    check(len(pdf.trailer.ID) == 2 and len(bytes(pdf.trailer.ID[0])) == 16)


def attachment(pdf):
    spec = pdf.Root.AF[0]
    check(spec.AFRelationship == "/Data" and str(spec.UF) == "record.json" and spec.EF.F.Subtype == "/application/json")
    json.loads(spec.EF.F.read_bytes())


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


def readers(path):
    """poppler and mutool draw it and read its structure without a word of complaint. Of a long manifest the structure alone: poppler
    reads a page anew for every element's text."""
    structure = ["pdfinfo", "-struct" if path.stem.startswith("manifest") else "-struct-text"]
    for command in (structure, ["pdftoppm", "-r", "20", "-png", "-singlefile"], ["mutool", "draw", "-F", "text", "-o", "/dev/null"]):
        more = [str(path.with_suffix(""))] if command[0] == "pdftoppm" else []
        done = subprocess.run([*command, str(path), *more], capture_output=True, timeout=120)
        said = [line for line in done.stderr.decode().splitlines() if line and line != "warning: ICC support is not available" and not line.startswith("page ")]
        check(done.returncode == 0 and not said, command, said)


def read_aloud(folder):
    """The structure's own text: words are parted where lines break, and captions are there in both languages."""
    said = subprocess.run(["pdfinfo", "-struct-text", str(folder / "letter.pdf")], check=True, capture_output=True).stdout.decode()
    for text in ("Ministerio del Interior Servicio Nacional de Migración", "Apellidos / Surname", "Nacionalidad / Nationality"):
        check(text in said, text)
    order = [said.index(t) for t in ("REPÚBLICA DE UTOPÍA", "Salvoconducto", "HADDÂD ZEÏTOUN", "NOÛR")]
    check(order == sorted(order), "the order of reading")


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
                readers(path)
                with pikepdf.open(path) as pdf:
                    check(str(pdf.pdf_version) == "1.7")
                    draft = path.stem.endswith("draft")
                    metadata(pdf, draft)
                    attachment(pdf)
                    signature(path, pdf, draft)
                faults = judge(path.read_bytes(), () if draft else ("byte_range", "signed_data"))  # nothing is sealed yet
                check(not faults, faults)
            except AssertionError as fault:
                raise AssertionError(f"{path.name}: {fault}") from fault
        texts(folder)
        read_aloud(folder)
        print(len(files), "files,", hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()[:16])


main()
