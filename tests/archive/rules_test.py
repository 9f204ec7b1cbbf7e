"""Does each rule catch what it is for? A letter and a manifest that keep every rule are spoilt in one place each, by hand; the judge
has to name that rule, and no other than those that the same fault breaks."""

import io
import os
import pathlib
import re
import subprocess
import sys

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Stream, String

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from archive import RULES, glyphs, judge  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SV_BUILD", ROOT / "build" / "asan"))
UNSEALED = ("byte_range", "signed_data")  # samples have the place of a signature and none in it


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([str(BUILD / "bin/draw_samples"), "templates", str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=300)
    return {p.stem: p.read_bytes() for p in folder.glob("*.pdf")}


def saved(pdf, mode=ObjectStreamMode.disable):
    out = io.BytesIO()
    pdf.save(out, object_stream_mode=mode, static_id=True, fix_metadata_version=False, compress_streams=False)
    return out.getvalue()


@pytest.fixture(scope="module")
def plain(samples):
    """Both documents with a cross reference table, as another program writes them."""
    return {name: saved(pikepdf.open(io.BytesIO(samples[name]))) for name in ("letter", "manifest")}


def broken(data, besides=UNSEALED):
    faults = judge(data, besides)
    return {f.rule for f in faults}, [str(f) for f in faults][:5]


# ---- the ways to spoil a file: bytes, or objects ----

def put(old, new, count=1):
    def change(data):
        spoilt = re.sub(old, new, data, count=count, flags=re.S)
        assert spoilt != data, old
        return spoilt
    return change


def page(pdf):
    return pdf.pages[0].obj


def widget(pdf):
    return next(a for p in pdf.pages for a in p.obj.get("/Annots", []))


def elements(pdf, *types):
    waiting, out = list(pdf.Root.StructTreeRoot.K), []
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Dictionary) and "/S" in one:
            if str(one.S)[1:] in types or not types:
                out.append(one)
            kids = one.get("/K", Array())
            waiting = (list(kids) if isinstance(kids, Array) else [kids]) + waiting
    return out


def element(pdf, *types):
    return elements(pdf, *types)[0]


def face(pdf):
    """The name of the font that most of the page is in: it shows a D."""
    for name, one in page(pdf).Resources.Font.items():
        if str(one.BaseFont).endswith("+NotoSans-Regular") and "D" in glyphs.to_unicode(one.ToUnicode.read_bytes()).values():
            return name
    raise AssertionError("no face")


def font(pdf):
    """That font, and its descendant."""
    one = page(pdf).Resources.Font[face(pdf)]
    return one, one.DescendantFonts[0]


def code_of_d(pdf):
    return next(c for c, t in glyphs.to_unicode(font(pdf)[0].ToUnicode.read_bytes()).items() if t == "D")


def draw(operators):
    def change(pdf):
        page(pdf).Contents.append(Stream(pdf, b"/Artifact BMC q " + operators + b" Q EMC"))
    return change


def draw_bare(operators):
    def change(pdf):
        page(pdf).Contents.append(Stream(pdf, operators))
    return change


def state(**entries):
    """A graphics state that is used."""
    def change(pdf):
        add(pdf, "/ExtGState", pdf.make_indirect(Dictionary(Type=Name.ExtGState, **entries)))
        draw(b"/X gs")(pdf)
    return change


def add(pdf, category, made):
    """A resource X of the page."""
    if category not in page(pdf).Resources:
        page(pdf).Resources[category] = Dictionary()
    page(pdf).Resources[category].X = made


def form(pdf, data=b"0 g 0 0 1 1 re f", **entries):
    made = Stream(pdf, data)
    made.Type, made.Subtype, made.BBox, made.Resources = Name.XObject, Name.Form, Array([0, 0, 9, 9]), Dictionary()
    for key, value in entries.items():
        made["/" + key] = value
    add(pdf, "/XObject", made)
    return made


def with_form(**entries):
    def change(pdf):
        form(pdf, **entries)
        draw(b"/X Do")(pdf)
    return change


def picture(**entries):
    def change(pdf):
        made = Stream(pdf, b"\x80")
        made.Type, made.Subtype, made.Width, made.Height, made.BitsPerComponent = Name.XObject, Name.Image, 1, 1, 8
        made.ColorSpace = Name.DeviceGray
        for key, value in entries.items():
            made["/" + key] = value
        add(pdf, "/XObject", made)
        draw(b"/X Do")(pdf)
    return change


def packet(old, new):
    def change(pdf):
        data = pdf.Root.Metadata.read_bytes()
        assert re.search(old, data, re.S), old
        pdf.Root.Metadata.write(re.sub(old, new, data, flags=re.S))
    return change


def d_means(text):
    """What the code of a D is said to mean; None: nothing."""
    def change(pdf):
        stream, code = font(pdf)[0].ToUnicode, code_of_d(pdf)
        told = {c: t for c, t in glyphs.to_unicode(stream.read_bytes()).items() if c != code}
        told |= {code: text} if text else {}
        lines = [f"<{c:04X}> <{t.encode('utf-16-be').hex()}>" for c, t in told.items()]
        stream.write(("begincmap\n" + "".join(f"1 beginbfchar\n{line}\nendbfchar\n" for line in lines) + "endcmap\n").encode())
    return change


def text(codes, name=None):
    def change(pdf):
        draw(b"BT " + (name or face(pdf).encode()) + b" 8 Tf <" + codes + b"> Tj ET")(pdf)
    return change


def where(holder, key, value):
    """Sets an entry (None: takes it away) of what holder(pdf) gives."""
    def change(pdf):
        one = holder(pdf)
        if value is None:
            del one[key]
        else:
            one[key] = value(pdf) if callable(value) else value
    return change


def annotation(**entries):
    def change(pdf):
        made = Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=Array([10, 10, 20, 20]), F=4, Contents="x")
        look = Stream(pdf, b"")
        look.Subtype, look.BBox, look.Resources = Name.Form, Array([0, 0, 10, 10]), Dictionary()
        made.AP = Dictionary(N=look)
        for key, value in entries.items():
            made["/" + key] = value
        page(pdf).Annots.append(pdf.make_indirect(made))
    return change


def nothing_shown(pdf):
    """The letter without what makes colours and tags, to see rules about what was left."""
    del pdf.Root.OutputIntents


def wrong_profile(old, new):
    def change(pdf):
        stream = pdf.Root.OutputIntents[0].DestOutputProfile
        data = stream.read_bytes()
        stream.write(data.replace(old, new, 1))
    return change


def intents(change_second):
    def change(pdf):
        other = Stream(pdf, pdf.Root.OutputIntents[0].DestOutputProfile.read_bytes())
        other.N = 3
        second = Dictionary(Type=Name.OutputIntent, S=Name.GTS_PDFX, OutputConditionIdentifier="x", DestOutputProfile=other)
        change_second(second)
        pdf.Root.OutputIntents.append(second)
    return change


def swap_parents(pdf):
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums[1]
    i = next(i for i in range(1, len(numbers)) if numbers[i].S == numbers[0].S and numbers[i].objgen != numbers[0].objgen)
    numbers[0], numbers[i] = numbers[i], numbers[0]


def misnested(data):
    def change(pdf):
        page(pdf).Contents.append(Stream(pdf, data))
    return change


def insert(kind, **entries):
    """A new element at the end of the tree, with the content of the last paragraph."""
    def change(pdf):
        top = pdf.Root.StructTreeRoot.K[0]
        last = next(e for e in reversed(list(top.K)) if e.S == "/P")
        made = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name("/" + kind), P=top, Pg=page(pdf), K=Array([last])))
        last.P = made
        for key, value in entries.items():
            made["/" + key] = value
        top.K[[e.objgen for e in top.K].index(last.objgen)] = made
    return change


def inside(kind, children):
    """The last paragraph inside of a nest of elements: kind, then each of children."""
    def change(pdf):
        insert(kind)(pdf)
        outer = pdf.Root.StructTreeRoot.K[0].K[-1]
        last = outer.K[0]
        for child in children:
            made = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name("/" + child), P=outer, K=Array([last])))
            outer.K, last.P, outer = Array([made]), made, made
    return change


def field(pdf):
    return pdf.Root.AcroForm.Fields[0]


def specification(pdf):
    return pdf.Root.AF[0]


def cell(pdf):
    return element(pdf, "TH")


def drop_cell(pdf):
    """An empty one, which nothing but its place speaks for."""
    empty = lambda c: len(c.get("/K", Array())) == 0 if isinstance(c.get("/K", Array()), Array) else False
    row = next(r for r in elements(pdf, "TR") if any(empty(c) for c in r.K))
    del row.K[next(i for i, c in enumerate(row.K) if empty(c))]


def headless(pdf):
    for e in elements(pdf, "TH"):
        e.A.Scope = Name.Row if e.A.Scope == "/Column" else Name.Column


def separations(pdf):
    space = lambda c: Array([Name.Separation, Name.Ink, Name.DeviceRGB, pdf.make_indirect(Dictionary(
        FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0, 0]), C1=Array([c, 0, 0]), N=1))])
    page(pdf).Resources.ColorSpace = Dictionary(X=space(0), Y=space(1))
    draw(b"/X cs /Y CS")(pdf)


def icc_space(pdf):
    profile = Stream(pdf, b"\0" * 128)
    profile.N = 3
    page(pdf).Resources.ColorSpace = Dictionary(X=Array([Name.ICCBased, profile]))
    draw(b"/X cs")(pdf)


def simple_font(pdf):
    page(pdf).Resources.Font["/FX"] = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    text(b"41", b"/FX")(pdf)


def second_subset(pdf):
    one = font(pdf)[0]
    other = next(f for _, f in page(pdf).Resources.Font.items() if str(f.BaseFont).endswith("+NotoSans-Bold"))
    for d in (one, one.DescendantFonts[0]):
        d.BaseFont = other.BaseFont
    one.DescendantFonts[0].FontDescriptor.FontName = other.BaseFont


def no_program(pdf):
    del font(pdf)[1].FontDescriptor.FontFile2


def wide(pdf):
    font(pdf)[1].W.append(code_of_d(pdf))
    font(pdf)[1].W.append(Array([900]))


def cid_set(pdf):
    font(pdf)[1].FontDescriptor.CIDSet = Stream(pdf, b"\x80")


def deep_role(pdf):
    pdf.Root.StructTreeRoot.RoleMap = Dictionary(Clause=Name.Thing)
    element(pdf, "P").S = Name.Clause


def options(pdf):
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name="a"))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(Order=Array([])))


def runs_together(pdf):
    """The paragraph with the first mark says its word twice, in two places."""
    code = f"{code_of_d(pdf):04X}".encode()
    for stream in page(pdf).Contents:
        data = stream.read_bytes()
        at = re.search(rb"/P<</MCID \d+>>BDC\s", data)
        if at:
            line = b"BT " + face(pdf).encode() + b" 8 Tf 9 9 Td <" + code + b"> Tj ET\n"
            stream.write(data[:at.end()] + b"q " + line + line + b"Q\n" + data[at.end():])
            return
    raise AssertionError("no paragraph")


def two_fields(pdf):
    one = element(pdf, "Form")
    kid = one.K[0] if isinstance(one.K, Array) else one.K
    one.K = Array([kid, kid])


def shared_form(pdf):
    made = form(pdf, b"/P <</MCID 0>> BDC 0 0 1 1 re f EMC")
    made.StructParents = 99
    draw(b"/X Do /X Do")(pdf)


RAW = {  # rule: (file, change of bytes, what else breaks)
    "header": ("letter", put(b"%PDF-1.7", b"%PDF-2.0"), ()),
    "binary_comment": ("letter", put(b"\n%[^\n]{4}", b"\n%abcd"), ()),
    "trailer_id": ("letter", put(b"/ID \\[", b"/IX ["), ()),
    "end_of_file": ("letter", lambda d: d + b"more", ()),
    "cross_reference_table": ("letter", put(b"xref\n0 ", b"xref\n0\t"), ()),
    "hexadecimal_even": ("letter", put(b"<feff([0-9a-f]+)[0-9a-f]>", b"<feff\\1 >"), ("*",)),
    "hexadecimal_digits": ("letter", put(b"/TU <feff..", b"/TU <feffzz"), ("*",)),
    "stream_length": ("letter", put(b"(/Length )(\\d)(\\d+)", lambda m: m[1] + bytes([m[2][0] ^ 1]) + m[3]), ("*",)),
    "stream_ends_of_line": ("letter", put(b"stream\n<\\?xpacket", b"stream\r<?xpacket"), ("*",)),
    "indirect_objects": ("letter", put(b"\n(\\d+) 0 obj\n<<", b"\n\\1 0\tobj\n<<"), ()),
    "names_are_utf8": ("letter", put(b"/PrintScaling", b"/Print\xffcaling"), ("*",)),
    "integers": ("letter", put(b"/StructParents 0\\s", b"/SV 99999999999 "), ("*",)),
    "encryption": ("letter", put(b"/Info (\\d+ 0 R)", b"/Info \\1 /Encrypt null"), ("*",)),
}


OBJECTS = {  # rule: (file, change of objects, what else the same fault breaks)
    "external_streams": ("letter", lambda p: p.Root.Metadata.__setitem__("/F", String("x")), ()),
    "filters": ("letter", lambda p: p.Root.Metadata.__setitem__("/Filter", Name.LZWDecode), ("*",)),
    "inline_filters": ("letter", draw(b"BI /W 1 /H 1 /BPC 1 /IM true /F /LZW ID \x80 EI"), ()),
    "permissions": ("letter", where(lambda p: p.Root.Perms, "/UR", Dictionary()), ()),
    "reals": ("letter", draw(b"1 0 0 1 0 " + b"9" * 39 + b".0 cm"), ()),
    "strings_short": ("letter", where(lambda p: p.Root, "/X", String("x" * 32768)), ()),
    "names_short": ("letter", where(lambda p: p.Root, "/" + "x" * 128, 1), ()),
    "saved_states": ("letter", draw(b"q " * 28 + b"Q " * 28), ()),
    "page_boxes": ("letter", where(page, "/CropBox", Array([0, 0, 2, 2])), ()),
    "operators": ("letter", draw(b"BX blink EX"), ()),
    "resources": ("letter", draw(b"/Nowhere Do"), ()),
    "states_nest": ("letter", misnested(b"Q"), ()),
    "output_intent": ("letter", nothing_shown, ("device_colours",)),
    "device_colours": ("letter", draw(b"0 0 0 1 k"), ()),
    "icc_spaces": ("letter", icc_space, ()),
    "special_colours": ("letter", separations, ()),
    "graphics_states": ("letter", state(TR=Name.Identity), ()),
    "rendering_intents": ("letter", draw(b"/Vivid ri"), ()),
    "images": ("letter", picture(Interpolate=True), ()),
    "form_objects": ("letter", with_form(Ref=Dictionary()), ()),
    "blend_modes": ("letter", state(BM=Name.Glow), ()),
    "transparency": ("letter", lambda p: (nothing_shown(p), state(ca=0.5)(p)), ("output_intent", "device_colours")),
    "optional_content": ("letter", options, ()),
    "presentations": ("letter", where(page, "/PresSteps", Dictionary()), ()),
    "requirements": ("letter", where(lambda p: p.Root, "/Requirements", Array()), ()),
    "text_has_a_font": ("letter", draw(b"BT <0024> Tj ET"), ()),
    "font_dictionaries": ("letter", lambda p: font(p)[1].__delitem__("/Type"), ()),
    "simple_fonts": ("letter", simple_font, ("embedded_programs", "subset_tags", "characters_told", "font_descriptors")),
    "character_maps": ("letter", lambda p: font(p)[1].CIDSystemInfo.__setitem__("/Ordering", String("Japan1")), ()),
    "cid_to_gid": ("letter", lambda p: font(p)[1].__delitem__("/CIDToGIDMap"), ("widths", "characters_right")),
    "embedded_programs": ("letter", no_program, ("program_lengths", "characters_right")),
    "program_lengths": ("letter", lambda p: font(p)[1].FontDescriptor.FontFile2.__setitem__("/Length1", 1), ()),
    "font_descriptors": ("letter", lambda p: font(p)[1].FontDescriptor.__delitem__("/StemV"), ()),
    "subset_tags": ("letter", second_subset, ()),
    "cid_sets": ("letter", cid_set, ()),
    "widths": ("letter", wide, ()),
    "characters_told": ("letter", d_means(None), ()),
    "characters_legal": ("letter", d_means("\ufeff"), ("characters_right",)),
    "private_use": ("letter", d_means("\ue123"), ("characters_right",)),
    "characters_right": ("letter", d_means("X"), ()),
    "words_parted": ("letter", runs_together, ()),
    "no_notdef": ("letter", text(b"0000"), ("characters_told", "widths")),
    "annotation_types": ("letter", annotation(Subtype=Name.Sound), ("annotations_in_structure",)),
    "annotation_flags": ("letter", where(widget, "/F", 128), ()),
    "annotation_appearances": ("letter", where(widget, "/AP", None), ()),
    "appearance_boxes": ("letter", lambda p: widget(p).AP.N.__setitem__("/BBox", Array([0, 0, 3, 3])), ()),
    "form_actions": ("letter", where(field, "/AA", Dictionary()), ()),
    "no_xfa": ("letter", where(lambda p: p.Root.AcroForm, "/XFA", Array()), ()),
    "actions": ("letter", where(lambda p: p.Root, "/OpenAction", Dictionary(S=Name.Launch)), ()),
    "additional_actions": ("letter", where(page, "/AA", Dictionary()), ()),
    "annotations_described": ("letter", where(widget, "/TU", None), ()),
    "no_trap_nets": ("letter", annotation(Subtype=Name.TrapNet), ("annotations_in_structure",)),
    "tab_order": ("letter", where(page, "/Tabs", None), ()),
    "metadata_stream": ("letter", lambda p: p.Root.Metadata.__setitem__("/Subtype", Name.JSON), ()),
    "packet_head": ("letter", packet(b" id=", b" bytes='9' id="), ()),
    "packet_well_formed": ("letter", packet(b"</rdf:RDF>", b""), ("*",)),
    "properties_known": ("letter", packet(b"<pdf:Producer>", b"<pdf:Mood>calm</pdf:Mood><pdf:Producer>"), ()),
    "extension_schemas": ("letter", packet(b">internal<", b">inner<"), ()),
    "archive_identified": ("letter", packet(b"<pdfaid:conformance>A", b"<pdfaid:conformance>B"), ()),
    "access_identified": ("letter", packet(b"<pdfuaid:part>1", b"<pdfuaid:part>2"), ()),
    "title": ("letter", packet(b"x-default\">[^<]*<", b"x-default\"><"), ("info_agrees",)),
    "title_displayed": ("letter", where(lambda p: p.Root, "/ViewerPreferences", None), ()),
    "info_agrees": ("letter", packet(b"<xmp:CreateDate>20", b"<xmp:CreateDate>19"), ()),
    "embedded_types": ("letter", lambda p: specification(p).EF.F.__setitem__("/Subtype", Name.json), ()),
    "embedded_sizes": ("letter", lambda p: specification(p).EF.F.Params.__setitem__("/Size", 1), ()),
    "specification_names": ("letter", where(specification, "/UF", None), ()),
    "relationships": ("letter", where(specification, "/AFRelationship", Name.Friend), ()),
    "files_associated": ("letter", where(lambda p: p.Root, "/AF", None), ()),
    "files_listed": ("letter", where(lambda p: p.Root, "/Names", None), ()),
    "marked": ("letter", where(lambda p: p.Root, "/MarkInfo", None), ()),
    "no_suspects": ("letter", where(lambda p: p.Root.MarkInfo, "/Suspects", True), ()),
    "structure_tree": ("letter", where(lambda p: p.Root, "/StructTreeRoot", None), ("*",)),
    "catalogue_language": ("letter", where(lambda p: p.Root, "/Lang", None), ()),
    "languages_valid": ("letter", where(lambda p: p.Root, "/Lang", String("es_UT")), ()),
    "standard_types": ("letter", deep_role, ("elements_own_marks",)),
    "parents_named": ("letter", lambda p: element(p, "P").__setitem__("/P", element(p, "H1")), ()),
    "one_place_each": ("letter", lambda p: p.Root.StructTreeRoot.K[0].K.append(element(p, "P")), ("elements_own_marks",)),
    "marks_apart": ("letter", draw_bare(b"/Artifact BMC /Artifact BMC 0 0 1 1 re f EMC EMC"), ()),
    "content_marked": ("letter", draw_bare(b"0 0 1 1 re f"), ()),
    "marks_nest": ("letter", draw_bare(b"BT /Artifact BMC ET EMC"), ()),
    "numbers_unique": ("letter", draw_bare(b"/Figure <</MCID 0>> BDC 0 0 1 1 re f EMC"), ("elements_own_marks",)),
    "parent_tree": ("letter", draw_bare(b"/P <</MCID 900>> BDC 0 0 1 1 re f EMC"), ("elements_own_marks",)),
    "elements_own_marks": ("letter", swap_parents, ()),
    "forms_once": ("letter", shared_form, ("parent_tree", "elements_own_marks", "marks_apart")),
    "figures_described": ("letter", lambda p: element(p, "Figure").__delitem__("/Alt"), ()),
    "figures_placed": ("letter", lambda p: element(p, "Figure").__delitem__("/A"), ()),
    "headings_in_order": ("letter", lambda p: element(p, "H1").__setitem__("/S", Name.H2), ("elements_own_marks",)),
    "headings_of_one_sort": ("letter", insert("H"), ()),
    "families": ("letter", inside("L", ["P"]), ()),
    "table_parts": ("manifest", lambda p: element(p, "TR").__setitem__("/S", Name.THead), ("*",)),
    "rows_even": ("manifest", drop_cell, ("*",)),
    "heads_have_scope": ("manifest", lambda p: cell(p).__delitem__("/A"), ("cells_have_heads",)),
    "cells_have_heads": ("manifest", headless, ()),
    "lists_numbered": ("letter", inside("L", ["LI", "Lbl"]), ()),
    "notes_named": ("letter", insert("Note"), ()),
    "annotations_in_structure": ("letter", annotation(), ()),
    "forms_have_one_field": ("letter", two_fields, ("annotations_in_structure",)),
    "no_empty_elements": ("letter", lambda p: p.Root.StructTreeRoot.K[0].K.append(p.make_indirect(
        Dictionary(Type=Name.StructElem, S=Name.P, P=p.Root.StructTreeRoot.K[0]))), ()),
}
PACKED = {  # of a file with object streams
    "cross_reference_stream": put(b"(/XRef.*?/Size )(\\d+)", lambda m: m[1] + b"1".ljust(len(m[2]))),
    "object_streams": put(b"/Type /ObjStm", b"/Type /ObjStx"),
}
SEALED = set(UNSEALED)  # tests/e2e/archive_test.py has files for these


def test_every_rule_has_a_file_that_breaks_it():
    assert set(RAW) | set(OBJECTS) | set(PACKED) | SEALED == set(RULES)


def test_what_is_drawn_keeps_every_rule(samples):
    assert len(samples) >= 16
    for name, data in samples.items():
        besides = () if name.endswith("draft") else UNSEALED
        assert judge(data, besides) == [], name


@pytest.mark.parametrize("mode", [ObjectStreamMode.disable, ObjectStreamMode.generate])
def test_files_keep_the_rules_with_cross_references_of_either_sort(samples, mode):
    for name in ("letter-draft", "manifest"):
        assert judge(saved(pikepdf.open(io.BytesIO(samples[name])), mode), UNSEALED) == [], name


@pytest.mark.parametrize("rule", RAW)
def test_a_fault_of_the_bytes_is_told(plain, rule):
    name, change, besides = RAW[rule]
    found, told = broken(change(plain[name]))
    assert rule in found or ("*" in besides and "readable" in found), (found, told)
    assert "*" in besides or found <= {rule, *besides}, (found, told)


@pytest.mark.parametrize("rule", OBJECTS)
def test_a_fault_of_the_document_is_told(plain, rule):
    name, change, besides = OBJECTS[rule]
    with pikepdf.open(io.BytesIO(plain[name])) as pdf:
        change(pdf)
        data = saved(pdf)
    found, told = broken(data)
    assert rule in found, (found, told)
    assert "*" in besides or found <= {rule, *besides}, (found, told)


@pytest.mark.parametrize("rule", PACKED)
def test_a_fault_of_packed_objects_is_told(plain, rule):
    with pikepdf.open(io.BytesIO(plain["letter"])) as pdf:
        found, told = broken(PACKED[rule](saved(pdf, ObjectStreamMode.generate)))
    assert found and found <= {rule, "readable"}, (found, told)
