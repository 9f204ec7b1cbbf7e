"""ISO 19005-3, 6.2.2 to 6.2.10: contents, colours, states, images, transparency; 6.9 to 6.11: what is not in a document for ever."""

import pikepdf

from .content import OPERATORS
from .rulebook import rule

INTENTS = {"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"}
BLENDS = {"/" + n for n in """Normal Compatible Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference
 Exclusion Hue Saturation Color Luminosity""".split()}
SPACES = {b"RGB ": ("DeviceRGB", 3), b"CMYK": ("DeviceCMYK", 4), b"GRAY": ("DeviceGray", 1), b"Lab ": ("Lab", 3)}


@rule("A 6.2.2")
def operators(file):
    for content in file.contents:
        for op in sorted(set(content.operators) - OPERATORS):
            yield f"{content.name}: {op}"


@rule("A 6.2.2")
def resources(file):
    for content in file.contents:
        if content.kind == "page" and content.resources is None:
            yield f"{content.name} inherits its resources"
        for missing in sorted(set(content.missing)):
            yield f"{content.name}: no {missing}"


@rule("PDF 8.4.2, 9.4.1")
def states_nest(file):
    for content in file.contents:
        for fault in content.faults:
            if "mark" not in fault and "EMC" not in fault:
                yield f"{content.name}: {fault}"


class Profile:
    """ISO 15076-1, 7.2: the head of an ICC profile."""

    def __init__(self, stream):
        self.data = stream.read_bytes()
        self.kind, self.space = self.data[12:16], self.data[16:20]
        self.major = self.data[8]
        self.components = int(stream.N)
        self.faults = []
        if self.data[36:40] != b"acsp" or int.from_bytes(self.data[:4], "big") != len(self.data):
            self.faults.append("no ICC profile, or of another length than it says")
        if self.major >= 5:
            self.faults.append(f"version {self.major}")
        if SPACES.get(self.space, ("", 0))[1] != self.components:
            self.faults.append(f"{self.space!r} with /N {self.components}")


def intent(file):
    """The PDF/A output intent's profile, or None."""
    for one in file.root.get("/OutputIntents", []):
        if one.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in one:
            return Profile(one.DestOutputProfile)
    return None


@rule("A 6.2.3")
def output_intent(file):
    intents = list(file.root.get("/OutputIntents", []))
    if not any(i.get("/S") == "/GTS_PDFA1" for i in intents):
        yield "no output intent of PDF/A"
    profiles = [i.DestOutputProfile for i in intents if "/DestOutputProfile" in i]
    if len({p.objgen for p in profiles}) > 1:
        yield "intents of different profiles"
    for one in profiles:
        profile = Profile(one)
        yield from profile.faults
        if profile.kind not in (b"prtr", b"mntr") or profile.space not in (b"RGB ", b"CMYK", b"GRAY"):
            yield f"a profile of {profile.kind!r} in {profile.space!r}"
    for one in intents:
        if one.get("/S") == "/GTS_PDFX" and "/DestOutputProfileRef" in one:
            yield "a profile outside the file"


def spaces_used(file):
    for content in file.contents:
        for space in content.colours:
            yield content.name, space
        for image in content.images:
            space = image.obj.get("/CS", image.obj.get("/ColorSpace"))
            short = {"/G": "DeviceGray", "/RGB": "DeviceRGB", "/CMYK": "DeviceCMYK"}
            if space is not None:
                yield content.name, short.get(str(space), str(space)[1:]) if isinstance(space, pikepdf.Name) else space
    for one in file.values():
        if one.get("/Subtype") == "/Image" and "/ColorSpace" in one:
            yield "an image", str(one.ColorSpace)[1:] if isinstance(one.ColorSpace, pikepdf.Name) else one.ColorSpace
        if one.get("/S") == "/Transparency" and "/CS" in one:
            yield "a group", str(one.CS)[1:] if isinstance(one.CS, pikepdf.Name) else one.CS


@rule("A 6.2.4.3")
def device_colours(file):
    profile = intent(file)
    of = SPACES[profile.space][0] if profile is not None and profile.space in SPACES else None
    for name, space in {(n, s) for n, s in spaces_used(file) if isinstance(s, str)}:
        if space == "DeviceGray" and of is None or space in ("DeviceRGB", "DeviceCMYK") and of != space:
            yield f"{name}: {space} without an intent of it"


@rule("A 6.2.4.2")
def icc_spaces(file):
    for name, space in spaces_used(file):
        if isinstance(space, pikepdf.Array) and space[0] == "/ICCBased":
            profile = Profile(space[1])
            yield from profile.faults
            if profile.kind not in (b"prtr", b"mntr", b"scnr", b"spac"):
                yield f"{name}: a profile of {profile.kind!r}"


@rule("A 6.2.4.4")
def special_colours(file):
    tints = {}
    for name, space in spaces_used(file):
        if not isinstance(space, pikepdf.Array):
            continue
        if space[0] == "/Separation":
            tint = (space[2].unparse(resolved=True), space[3].unparse(resolved=True))
            if tints.setdefault(str(space[1]), tint) != tint:
                yield f"{name}: {space[1]} is two different inks"
        if space[0] == "/DeviceN":
            if len(space[1]) > 32:
                yield f"{name}: more than 32 inks"
            described = space[4].get("/Colorants", {}) if len(space) > 4 else {}
            for ink in space[1]:
                if str(ink) not in described and str(ink)[1:] not in ("Cyan", "Magenta", "Yellow", "Black", "None"):
                    yield f"{name}: {ink} is not described"


@rule("A 6.2.5")
def graphics_states(file):
    for one in file.values():
        if one.get("/Type") != "/ExtGState" and not any(one is s for c in file.contents for s in c.states):
            continue
        if "/TR" in one or "/HTP" in one:
            yield "/TR or /HTP"
        if "/TR2" in one and one.TR2 != "/Default":
            yield f"/TR2 {one.TR2}"
        halftone = one.get("/HT")
        if isinstance(halftone, (pikepdf.Dictionary, pikepdf.Stream)) and (halftone.get("/HalftoneType") not in (1, 5) or "/HalftoneName" in halftone):
            yield "a halftone"


@rule("A 6.2.6")
def rendering_intents(file):
    named = [(c.name, i) for c in file.contents for i in c.intents]
    named += [(c.name, str(i.obj["/Intent"])) for c in file.contents for i in c.images if "/Intent" in i.obj]
    named += [("a state", str(v.RI)) for v in file.values() if v.get("/Type") == "/ExtGState" and "/RI" in v]
    named += [("an image", str(v.Intent)) for v in file.values() if v.get("/Subtype") == "/Image" and "/Intent" in v]
    for name, value in named:
        if value not in INTENTS:
            yield f"{name}: {value}"


@rule("A 6.2.8")
def images(file):
    for one in file.values():
        if one.get("/Subtype") != "/Image":
            continue
        for key in ("/Alternates", "/OPI"):
            if key in one:
                yield f"an image has {key}"
        if one.get("/Interpolate", False):
            yield "an image is interpolated"
        bits = one.get("/BitsPerComponent")
        if bits is not None and int(bits) not in ((1,) if one.get("/ImageMask", False) else (1, 2, 4, 8, 16)):
            yield f"{bits} bits a component"
        kinds = one.get("/Filter", pikepdf.Array())
        if "/JPXDecode" in [str(f) for f in (kinds if isinstance(kinds, pikepdf.Array) else [kinds])]:
            yield "JPEG 2000, whose boxes nobody here reads"
    for content in file.contents:
        for image in content.images:
            if image.obj.get("/I", image.obj.get("/Interpolate", False)):
                yield f"{content.name}: an inline image is interpolated"


@rule("A 6.2.9, UA 7.20")
def form_objects(file):
    for one in file.values():
        if one.get("/Subtype") == "/PS" and isinstance(one, pikepdf.Stream):
            yield "a PostScript object"
        if one.get("/Subtype") == "/Form":
            for key in ("/OPI", "/PS", "/Ref"):
                if key in one:
                    yield f"a form has {key}"
            if one.get("/Subtype2") == "/PS":
                yield "a form of PostScript"


@rule("A 6.2.10")
def blend_modes(file):
    for one in file.values():
        if "/BM" in one and one.get("/Type") in (None, "/ExtGState"):
            for mode in one.BM if isinstance(one.BM, pikepdf.Array) else [one.BM]:
                if str(mode) not in BLENDS:
                    yield str(mode)


@rule("A 6.2.10")
def transparency(file):
    if intent(file) is not None:
        return
    used = any(float(v.get(k, 1)) < 1 for v in file.values() for k in ("/CA", "/ca") if not isinstance(v.get(k), pikepdf.Dictionary))
    used = used or any(v.get("/Subtype") == "/Image" and "/SMask" in v for v in file.values())
    for page in file.pages:
        if (used or "/Group" in page) and "/CS" not in page.get("/Group", {}):
            yield "transparency without a colour space to blend in"


@rule("A 6.9, UA 7.10")
def optional_content(file):
    properties = file.root.get("/OCProperties")
    if properties is None:
        return
    listed = {g.objgen for g in properties.get("/OCGs", [])}
    seen = set()
    for one in [properties.get("/D")] + list(properties.get("/Configs", [])):
        name = str(one.get("/Name", "")) if one is not None else ""
        if not name or name in seen:
            yield "a configuration without a name of its own"
        seen.add(name)
        if one is not None and "/AS" in one:
            yield "a configuration with /AS"
        ordered = set()
        waiting = list(one.get("/Order", [])) if one is not None else []
        if one is not None and "/Order" in one:
            while waiting:
                item = waiting.pop()
                if isinstance(item, pikepdf.Array):
                    waiting += list(item)
                elif isinstance(item, pikepdf.Dictionary):
                    ordered.add(item.objgen)
            if ordered != listed:
                yield "/Order leaves a group out"


@rule("A 6.10")
def presentations(file):
    if "/AlternatePresentations" in file.root.get("/Names", {}):
        yield "alternate presentations"
    if any("/PresSteps" in p for p in file.pages):
        yield "/PresSteps"


@rule("A 6.11")
def requirements(file):
    if "/Requirements" in file.root:
        yield "/Requirements"
