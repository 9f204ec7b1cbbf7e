"""ISO 19005-3, 6.7 and ISO 14289-1, 7.1 to 7.9: the structure tree, held against the marks of the contents; ISO 32000-1, 14.7 and 14.8."""

import re

import pikepdf

from .rulebook import rule

STANDARD = set("""Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody Table TR TH TD
 THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby RB RT RP Warichu WT WP Figure Formula Form""".split())
LANG = r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"


class Element:
    def __init__(self, file, obj, parent):
        self.obj, self.parent = obj, parent
        self.own = str(obj.get("/S", "/"))[1:]
        self.kids, self.mcids, self.objects = [], [], []
        self.attributes = {}
        held = obj.get("/A", pikepdf.Array())
        for one in held if isinstance(held, pikepdf.Array) else [held]:
            if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
                self.attributes.update({k: one[k] for k in one.keys() if k != "/O"})
        kids = obj.get("/K", pikepdf.Array())
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if not isinstance(kid, pikepdf.Dictionary):
                self.mcids.append((obj.get("/Pg"), int(kid)))
            elif kid.get("/Type") == "/MCR":
                self.mcids.append((kid.get("/Pg", obj.get("/Pg")), int(kid.MCID)))
            elif kid.get("/Type") == "/OBJR":
                self.objects.append(kid.Obj)
            else:
                self.kids.append(kid)

    def __repr__(self):
        return f"{self.type} {self.obj.objgen[0]}"


class Tree:
    def __init__(self, file):
        self.root = file.root.get("/StructTreeRoot", pikepdf.Dictionary())
        self.roles = {k[1:]: str(v)[1:] for k, v in self.root.get("/RoleMap", pikepdf.Dictionary()).items()}
        self.elements, self.faults = [], []
        kids = self.root.get("/K", pikepdf.Array())
        self.top = [self.grow(file, k, None, 0) for k in (kids if isinstance(kids, pikepdf.Array) else [kids])]
        self.parents = numbers(self.root.get("/ParentTree", pikepdf.Dictionary()))

    def grow(self, file, obj, parent, depth):
        if depth > 60:
            raise ValueError("a structure tree that is deeper than 60")
        one = Element(file, obj, parent)
        one.type = self.standard(one.own)
        self.elements.append(one)
        one.kids = [self.grow(file, k, one, depth + 1) for k in one.kids]
        return one

    def standard(self, name):
        seen = set()
        while name not in STANDARD and name in self.roles and name not in seen:
            seen.add(name)
            name = self.roles[name]
        return name

    def of(self, *types):
        return [e for e in self.elements if e.type in types]


def numbers(node):
    out = {}
    for kid in node.get("/Kids", []):
        out.update(numbers(kid))
    flat = list(node.get("/Nums", []))
    out.update({int(flat[i]): flat[i + 1] for i in range(0, len(flat), 2)})
    return out


def tree(file):
    if not hasattr(file, "_tree"):
        file._tree = Tree(file)
    return file._tree


# ---- the catalogue ----

@rule("A 6.7.2.2, UA 6.2")
def marked(file):
    if file.root.get("/MarkInfo", {}).get("/Marked") is not True:
        yield "/Marked"


@rule("UA 7.1")
def no_suspects(file):
    if file.root.get("/MarkInfo", {}).get("/Suspects", False):
        yield "/Suspects"


@rule("A 6.7.3.3, UA 7.1")
def structure_tree(file):
    if "/StructTreeRoot" not in file.root or not tree(file).elements:
        yield "no structure"


def languages(file):
    if "/Lang" in file.root:
        yield "the catalogue", str(file.root.Lang)
    for e in tree(file).elements:
        if "/Lang" in e.obj:
            yield repr(e), str(e.obj.Lang)
    for content in file.contents:
        for mark in content.marks:
            if mark.lang:
                yield content.name, str(mark.properties["/Lang"])


@rule("A 6.7.4, UA 7.2")
def catalogue_language(file):
    if not str(file.root.get("/Lang", "")):
        yield "the catalogue has no /Lang"


@rule("A 6.7.4, UA 7.2")
def languages_valid(file):
    for where, tag in languages(file):
        if not re.fullmatch(LANG, tag):
            yield f"{where}: {tag!r}"


@rule("A 6.7.3.4, UA 7.1")
def standard_types(file):
    t = tree(file)
    for name in t.roles:
        if name in STANDARD:
            yield f"{name} is mapped to something else"
        elif t.standard(name) not in STANDARD:
            yield f"{name} ends nowhere"
    for e in t.elements:
        if e.type not in STANDARD:
            yield f"{e.own} is no standard type"


@rule("UA 7.1")
def parents_named(file):
    for e in tree(file).elements:
        above = e.parent.obj if e.parent else file.root.StructTreeRoot
        if not e.obj.is_indirect or "/P" not in e.obj or e.obj.P.objgen != above.objgen:
            yield f"{e!r}: /P is not its parent"


@rule("PDF 14.7.2")
def one_place_each(file):
    seen = set()
    for e in tree(file).elements:
        if e.obj.objgen in seen:
            yield f"{e!r} stands twice in the tree"
        seen.add(e.obj.objgen)


# ---- marks and numbers ----

@rule("UA 7.1")
def marks_apart(file):
    for content in file.contents:
        for mark in content.marks:
            if mark.inside and (mark.artifact or mark.mcid is not None):
                yield f"{content.name}: {mark.tag} inside {mark.inside[0].tag}"


@rule("UA 7.1")
def content_marked(file):
    for content in file.contents:
        if content.kind == "page" and content.unmarked:
            yield f"{content.name}: {content.unmarked[0]} outside of every mark, {len(content.unmarked)} times"
        for form, marks in content.called:
            if content.kind == "page" and not any(m.artifact or m.mcid is not None for m in marks):
                yield f"{content.name}: an object is drawn outside of every mark"


@rule("PDF 14.6")
def marks_nest(file):
    for content in file.contents:
        for fault in content.faults:
            if "mark" in fault or "EMC" in fault:
                yield f"{content.name}: {fault}"


def numbered(file):
    """(content, parent array, marks with an MCID) of all that has a StructParents."""
    for content in file.contents:
        marks = [m for m in content.marks if m.mcid is not None]
        key = content.owner.get("/StructParents")
        yield content, tree(file).parents.get(int(key)) if key is not None else None, marks


@rule("PDF 14.7.4.4")
def numbers_unique(file):
    for content, _, marks in numbered(file):
        found = [m.mcid for m in marks]
        twice = sorted({m for m in found if found.count(m) > 1})
        if twice:
            yield f"{content.name}: MCIDs {twice[:5]} stand twice"


@rule("PDF 14.7.4.4")
def parent_tree(file):
    t = tree(file)
    keys = [int(c.owner.StructParents) for c in file.contents if "/StructParents" in c.owner]
    keys += [int(a.StructParent) for a in file.annotations if "/StructParent" in a]
    if len(set(keys)) != len(keys) or set(keys) != set(t.parents):
        yield f"keys {sorted(keys)[:5]} are used and {sorted(t.parents)[:5]} stand in the tree"
    if t.parents and int(t.root.get("/ParentTreeNextKey", max(t.parents) + 1)) <= max(t.parents):
        yield "/ParentTreeNextKey"
    for content, parents, marks in numbered(file):
        if marks and not isinstance(parents, pikepdf.Array):
            yield f"{content.name} has marks and no entry"
        elif isinstance(parents, pikepdf.Array):
            found = {m.mcid for m in marks}
            there = {i for i, p in enumerate(parents) if isinstance(p, pikepdf.Dictionary)}
            if found != there:
                yield f"{content.name}: marks {sorted(found ^ there)[:5]} are on one side alone"


@rule("PDF 14.7.4.4")
def elements_own_marks(file):
    owners = {}
    for e in tree(file).elements:
        for page, mcid in e.mcids:
            key = (page.objgen if page is not None else None, mcid)
            if key in owners:
                yield f"{e!r}: MCID {mcid} has another owner too"
            owners[key] = e
    for content, parents, marks in numbered(file):
        for mark in marks:
            owner = owners.pop((content.owner.objgen, mark.mcid), None)
            if owner is None:
                yield f"{content.name}: MCID {mark.mcid} has no owner"
            elif isinstance(parents, pikepdf.Array) and mark.mcid < len(parents) and parents[mark.mcid].objgen != owner.obj.objgen:
                yield f"{content.name}: MCID {mark.mcid} is {owner!r}'s and the parent tree says another"
            elif tree(file).standard(mark.tag[1:]) != owner.type:
                yield f"{content.name}: MCID {mark.mcid} is marked {mark.tag} and is {owner!r}'s"
    for (_, mcid), owner in owners.items():
        yield f"{owner!r}: there is no MCID {mcid}"


@rule("UA 7.20")
def forms_once(file):
    called = {}
    for content in file.contents:
        for form, _ in content.called:
            if form is not None and form.get("/Subtype") == "/Form":
                called[form.objgen] = called.get(form.objgen, 0) + 1
    for content in file.contents:
        if content.kind == "form" and called.get(content.owner.objgen, 0) > 1 and any(m.mcid is not None for m in content.marks):
            yield f"{content.name} has marks and is drawn more than once"


# ---- what elements must say ----

@rule("UA 7.3")
def figures_described(file):
    for e in tree(file).of("Figure", "Formula"):
        if not str(e.obj.get("/Alt", "")) and "/ActualText" not in e.obj:
            yield f"{e!r} has no /Alt"


@rule("PDF 14.8.5.4")
def figures_placed(file):
    for e in tree(file).of("Figure"):
        box = [float(v) for v in e.attributes.get("/BBox", [])]
        page = e.obj.get("/Pg")
        if len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
            yield f"{e!r}: /BBox {box}"
        elif page is not None:
            media = [float(v) for v in page.MediaBox]
            if box[0] < media[0] - 1 or box[1] < media[1] - 1 or box[2] > media[2] + 1 or box[3] > media[3] + 1:
                yield f"{e!r}: /BBox leaves the page"


@rule("UA 7.4.2")
def headings_in_order(file):
    level = 0
    for e in tree(file).elements:
        if re.fullmatch("H[1-6]", e.type):
            here = int(e.type[1])
            if here > level + 1:
                yield f"H{here} after " + (f"H{level}" if level else "nothing")
            level = here


@rule("UA 7.4.4")
def headings_of_one_sort(file):
    types = {e.type for e in tree(file).elements}
    if "H" in types and any(re.fullmatch("H[1-6]", t) for t in types):
        yield "H beside H1 to H6"
    for e in tree(file).elements:
        if sum(k.type == "H" for k in e.kids) > 1:
            yield f"{e!r} has more than one H"


CHILDREN = {"Table": ({"TR", "THead", "TBody", "TFoot", "Caption"}, None), "THead": ({"TR"}, {"Table"}), "TBody": ({"TR"}, {"Table"}),
            "TFoot": ({"TR"}, {"Table"}), "TR": ({"TH", "TD"}, {"Table", "THead", "TBody", "TFoot"}), "TH": (None, {"TR"}), "TD": (None, {"TR"}),
            "L": ({"L", "LI", "Caption"}, None), "LI": ({"Lbl", "LBody"}, {"L"}), "LBody": (None, {"LI"}), "TOC": ({"TOC", "TOCI", "Caption"}, None),
            "TOCI": (None, {"TOC"})}


@rule("UA 7.2")
def families(file):
    for e in tree(file).elements:
        children, parents = CHILDREN.get(e.type, (None, None))
        if children is not None:
            for k in e.kids:
                if k.type not in children:
                    yield f"{k!r} in {e!r}"
            if e.mcids:
                yield f"{e!r} has content of its own"
        if parents is not None and (e.parent.type if e.parent else None) not in parents:
            yield f"{e!r} in {e.parent!r}"


@rule("UA 7.2")
def table_parts(file):
    for e in tree(file).of("Table", "L", "TOC"):
        types = [k.type for k in e.kids]
        if "Caption" in types[1:-1] or "Caption" in types[1:] and e.type != "Table" or types.count("Caption") > 1:
            yield f"{e!r}: its caption"
        if types.count("THead") > 1 or types.count("TFoot") > 1 or ({"THead", "TFoot"} & set(types) and "TBody" not in types):
            yield f"{e!r}: its parts"


class Grid:
    """The cells of a table by row and column (ISO 32000-1, 14.8.4.3.4)."""

    def __init__(self, table):
        rows = [r for k in table.kids for r in ([k] if k.type == "TR" else [x for x in k.kids if x.type == "TR"])]
        self.cells, self.faults, self.height = {}, [], len(rows)
        for y, row in enumerate(rows):
            x = 0
            for cell in row.kids:
                while (y, x) in self.cells:
                    x += 1
                tall, wide = (int(cell.attributes.get(k, 1)) for k in ("/RowSpan", "/ColSpan"))
                for place in [(y + j, x + i) for j in range(tall) for i in range(wide)]:
                    if place in self.cells:
                        self.faults.append(f"{cell!r} covers another cell")
                    self.cells[place] = cell
                x += wide
        self.width = max((x for _, x in self.cells), default=-1) + 1
        for y in range(max((y for y, _ in self.cells), default=-1) + 1):
            if y >= self.height or any((y, x) not in self.cells for x in range(self.width)):
                self.faults.append(f"row {y} of {table!r} is not {self.width} wide")

    def headed(self, y, x):
        ours = lambda cell, scope: cell is not None and cell.type == "TH" and str(cell.attributes.get("/Scope", "")) in (scope, "/Both")
        return (any(ours(self.cells.get((j, x)), "/Column") for j in range(self.height)) or
                any(ours(self.cells.get((y, i)), "/Row") for i in range(self.width)))


@rule("UA 7.2")
def rows_even(file):
    for table in tree(file).of("Table"):
        yield from Grid(table).faults


@rule("UA 7.5")
def heads_have_scope(file):
    for e in tree(file).of("TH"):
        if str(e.attributes.get("/Scope", "")) not in ("/Row", "/Column", "/Both"):
            yield f"{e!r} has no /Scope"


@rule("UA 7.5")
def cells_have_heads(file):
    for table in tree(file).of("Table"):
        grid = Grid(table)
        for (y, x), cell in grid.cells.items():
            corner = (y, x) == (0, 0) and not (cell.mcids or cell.kids)  # says nothing, so nothing has to be said of it
            if cell.type == "TD" and not corner and "/Headers" not in cell.attributes and not grid.headed(y, x):
                yield f"{cell!r} in row {y}, column {x} has no head"


@rule("UA 7.6")
def lists_numbered(file):
    for e in tree(file).of("L"):
        labelled = any(g.type == "Lbl" for k in e.kids for g in k.kids)
        if labelled and str(e.attributes.get("/ListNumbering", "/None")) == "/None":
            yield f"{e!r} has labels and says no /ListNumbering"


@rule("UA 7.9")
def notes_named(file):
    seen = set()
    for e in tree(file).of("Note"):
        name = bytes(e.obj.get("/ID", b"")) if "/ID" in e.obj else b""
        if not name or name in seen:
            yield f"{e!r}: /ID"
        seen.add(name)


@rule("UA 7.18.1, UA 7.18.4, UA 7.18.5")
def annotations_in_structure(file):
    wanted = {"/Widget": "Form", "/Link": "Link", "/PrinterMark": None}
    owners = {}
    for e in tree(file).elements:
        for obj in e.objects:
            owners.setdefault(obj.objgen, []).append(e)
    for a in file.annotations:
        if int(a.get("/F", 0)) & 2 or (a.get("/Subtype") == "/Widget" and [float(v) for v in a.Rect] == [0, 0, 0, 0]):
            continue
        of, kind = owners.get(a.objgen, []), wanted.get(str(a.get("/Subtype")), "Annot")
        if [e.type for e in of] != [kind] * (kind is not None):
            yield f"{a.get('/Subtype')} belongs to {of}"
        elif of and tree(file).parents.get(int(a.get("/StructParent", -1)), pikepdf.Dictionary()).objgen != of[0].obj.objgen:
            yield f"{a.get('/Subtype')}: /StructParent leads elsewhere"


@rule("UA 7.18.4")
def forms_have_one_field(file):
    for e in tree(file).of("Form"):
        if len(e.objects) + len(e.kids) != 1 or e.mcids:
            yield f"{e!r} holds more or less than one field"


@rule("UA 7.2")
def no_empty_elements(file):
    for e in tree(file).elements:
        if not (e.kids or e.mcids or e.objects) and e.type not in ("TD", "TH"):
            yield f"{e!r} is empty"
