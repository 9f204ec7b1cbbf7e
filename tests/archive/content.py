"""What content streams do: pages, form XObjects and appearances, operator by operator (ISO 32000-1, 8 and 9, 14.6)."""

import pikepdf

OPERATORS = set("""b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg ri s S
 sc SC scn SCN sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' " """.split()) | {"INLINE IMAGE"}
PAINT = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "n", "Tj", "TJ", "'", '"', "INLINE IMAGE", "sh"}
SHOW = {"Tj", "TJ", "'", '"'}
MOVES = {"BT", "Td", "TD", "Tm", "T*", "'", '"'}
DEVICE = {"g": "DeviceGray", "G": "DeviceGray", "rg": "DeviceRGB", "RG": "DeviceRGB", "k": "DeviceCMYK", "K": "DeviceCMYK"}


class Mark:
    """An open BMC or BDC."""

    def __init__(self, tag, properties, in_text):
        self.tag, self.properties, self.in_text = tag, properties, in_text
        p = properties if isinstance(properties, pikepdf.Dictionary) else {}
        self.mcid = int(p["/MCID"]) if "/MCID" in p else None
        self.artifact = tag == "/Artifact"
        self.actual = "/ActualText" in p
        self.lang = "/Lang" in p


class Content:
    """One content: a page's (its streams one after the other), a form's or an appearance's."""

    def __init__(self, owner, kind, name, resources, streams):
        self.owner, self.kind, self.name, self.resources = owner, kind, name, resources
        self.operators, self.numbers, self.colours, self.intents, self.images, self.states = [], [], [], [], [], []
        self.marks = []  # every Mark, in order
        self.unmarked, self.faults, self.missing, self.called = [], [], [], []
        self.shown = []  # (font, codes, rendering mode, under ActualText)
        self.read = []  # (MCID, font, codes, whether it stands somewhere else than where the text before it ended)
        self.deepest = 0
        for stream in streams:
            self.walk(stream)

    def resource(self, category, name):
        found = self.resources.get(category, {}).get(str(name)) if self.resources is not None else None
        if found is None:
            self.missing.append(f"{category} {name}")
        return found

    def walk(self, stream):
        state, saved, open_marks, in_text = {"font": None, "mode": 0}, [], [], False
        for operands, operator in pikepdf.parse_content_stream(stream):
            op = str(operator)
            self.operators.append(op)
            if op not in OPERATORS:
                continue
            state["moved"] = state.get("moved", True) or op in MOVES
            if op == "q":
                saved.append(dict(state))
                self.deepest = max(self.deepest, len(saved))
            elif op == "Q":
                if not saved:
                    self.faults.append("Q without q")
                else:
                    state = saved.pop()
            elif op in ("BT", "ET"):
                if in_text == (op == "BT"):
                    self.faults.append(f"{op} twice")
                in_text = op == "BT"
            elif op in ("BDC", "BMC"):
                self.begin(op, operands, open_marks, in_text)
            elif op == "EMC":
                self.end(open_marks, in_text)
            else:
                self.other(op, operands, state, open_marks)
        for what, rest in (("a mark", open_marks), ("a q", saved), ("a text object", in_text)):
            if rest:
                self.faults.append(f"{what} is left open at the end of a stream")

    def begin(self, op, operands, open_marks, in_text):
        properties = operands[1] if op == "BDC" else None
        if isinstance(properties, pikepdf.Name):
            properties = self.resource("/Properties", properties)
        mark = Mark(str(operands[0]), properties, in_text)
        mark.inside = [m for m in open_marks if m.artifact or m.mcid is not None]
        open_marks.append(mark)
        self.marks.append(mark)

    def end(self, open_marks, in_text):
        if not open_marks:
            self.faults.append("EMC without a beginning")
        elif open_marks.pop().in_text != in_text:
            self.faults.append("a mark crosses a text object")

    def other(self, op, operands, state, open_marks):
        for value in operands if op != "INLINE IMAGE" else []:
            self.numbers += [float(v) for v in (value if isinstance(value, pikepdf.Array) else [value])
                             if isinstance(v, (int, float)) or type(v).__name__ == "Decimal"]
        if op in PAINT and not any(m.artifact or m.mcid is not None for m in open_marks):
            self.unmarked.append(op)
        if op in DEVICE:
            self.colours.append(DEVICE[op])
        elif op in ("cs", "CS"):
            name = str(operands[0])
            device = name[1:] in ("DeviceGray", "DeviceRGB", "DeviceCMYK", "Pattern")
            self.colours.append(name[1:] if device else self.resource("/ColorSpace", name))
        elif op == "ri":
            self.intents.append(str(operands[0]))
        elif op == "gs":
            self.states.append(self.resource("/ExtGState", operands[0]))
        elif op == "sh":
            shading = self.resource("/Shading", operands[0])
            self.colours.append(shading.get("/ColorSpace") if shading is not None else None)
        elif op == "INLINE IMAGE":
            self.images.append(operands[0])
        elif op == "Do":
            self.called.append((self.resource("/XObject", operands[0]), list(open_marks)))
        elif op == "Tf":
            state["font"] = self.resource("/Font", operands[0])
        elif op == "Tr":
            state["mode"] = int(operands[0])
        elif op in SHOW:
            parts = operands[0] if op == "TJ" else [operands[-1]]
            text = b"".join(bytes(p) for p in parts if isinstance(p, pikepdf.String))
            self.shown.append((state["font"], text, state["mode"], any(m.actual for m in open_marks)))
            owner = next((m.mcid for m in reversed(open_marks) if m.mcid is not None), None)
            self.read.append((owner, state["font"], text, state["moved"]))
            state["moved"] = False


def appearances(annotation):
    """Streams of an annotation's /AP."""
    for entry in (annotation.get("/AP", pikepdf.Dictionary()) or {}).keys():
        value = annotation.AP[entry]
        for one in ([value] if isinstance(value, pikepdf.Stream) else [value[k] for k in value.keys()]):
            if isinstance(one, pikepdf.Stream):
                yield entry, one


def contents_of(pdf):
    """Every content of a document, once each."""
    found, waiting, seen = [], [], set()
    for number, page in enumerate(pdf.pages, 1):
        streams = page.obj.get("/Contents", pikepdf.Array())
        streams = list(streams) if isinstance(streams, pikepdf.Array) else [streams]
        found.append(Content(page.obj, "page", f"page {number}", page.obj.get("/Resources"), streams))
        for annotation in page.obj.get("/Annots", []):
            waiting += [(s, f"an appearance on page {number}", "appearance") for _, s in appearances(annotation)]
        waiting += forms(page.obj.get("/Resources"), f"page {number}")
    while waiting:
        stream, name, kind = waiting.pop()
        if stream.objgen in seen:
            continue
        seen.add(stream.objgen)
        found.append(Content(stream, kind, name, stream.get("/Resources"), [stream]))
        waiting += forms(stream.get("/Resources"), name)
    return found


def forms(resources, name):
    objects = (resources or {}).get("/XObject", {}) if resources is not None else {}
    return [(objects[k], f"form {k} of {name}", "form") for k in objects.keys() if objects[k].get("/Subtype") == "/Form"]
