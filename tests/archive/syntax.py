"""The bytes of a PDF as they stand (ISO 32000-1, 7.2 to 7.5): tokens, cross references of both sorts, and where each object is.
What others forgive silently is kept here, so that a rule can tell it."""

import re
import zlib

WHITE = b"\0\t\n\f\r "
TOKEN = re.compile(
    rb"(?P<white>[\0\t\n\f\r ]+)|(?P<comment>%[^\r\n]*)|(?P<mark><<|>>|\[|\])|(?P<hex><[^>]*>)|"
    rb"(?P<name>/[^\0\t\n\f\r ()<>\[\]{}/%]*)|(?P<string>\()|(?P<word>[^\0\t\n\f\r ()<>\[\]{}/%]+)")
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)$")


class Broken(Exception):
    pass


class Name(bytes):
    """A name as written, without the solidus and with its #xx."""

    @property
    def value(self):
        return re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m.group(1), 16)]), self)


class Text(bytes):
    """A string as written, delimiters included."""

    @property
    def value(self):
        if self[:1] == b"<":
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", self)
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        plain = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
        def one(m):
            c = m.group(1)
            return bytes([int(c, 8) & 255]) if c.isdigit() else plain.get(c, c)
        return re.sub(rb"\\([0-7]{1,3}|\r\n|.)", one, self[1:-1], flags=re.S)


class Reference(tuple):
    pass


class Word(bytes):
    """A keyword."""


def string_end(data, at):
    depth = 0
    while at < len(data):
        c = data[at]
        if c == 0x5C:
            at += 1
        elif c == 0x28:
            depth += 1
        elif c == 0x29:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    raise Broken("a string without its end")


class Lexer:
    """Values from a position on; `seen` keeps every one of them, for rules about values wherever they stand."""

    def __init__(self, data, at=0, end=None, seen=None):
        self.data, self.at, self.end = data, at, len(data) if end is None else end
        self.seen = [] if seen is None else seen

    def token(self):
        while self.at < self.end:
            m = TOKEN.match(self.data, self.at, self.end)
            if not m:
                raise Broken(f"no token at {self.at}")
            self.at = m.end()
            kind, text = m.lastgroup, m.group()
            if kind in ("white", "comment"):
                continue
            if kind == "string":
                self.at = string_end(self.data, m.start())
                return Text(self.data[m.start():self.at])
            if kind == "hex":
                return Text(text)
            if kind == "name":
                return Name(text[1:])
            if kind == "mark" or not NUMBER.match(text):
                return Word(text)
            return float(text) if b"." in text else int(text)
        return None

    def value(self):
        v = self.token()
        if isinstance(v, Word):
            if v == b"<<":
                return self.dictionary()
            if v == b"[":
                return self.array()
            return {b"true": True, b"false": False}.get(bytes(v), v)
        self.seen.append(v)
        if type(v) is int and v >= 0:  # n g R
            m = re.compile(rb"[\0\t\n\f\r ]+(\d+)[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>\[\]{}/%])").match(self.data, self.at, self.end)
            if m:
                self.at = m.end()
                self.seen.pop()
                return Reference((v, int(m.group(1))))
        return v

    def array(self):
        out = []
        while (v := self.value()) != b"]" or not isinstance(v, Word):
            if v is None:
                raise Broken("an array without its end")
            out.append(v)
        return out

    def dictionary(self):
        out = {}
        while (key := self.value()) != b">>" or not isinstance(key, Word):
            if not isinstance(key, Name):
                raise Broken(f"a key that is no name: {key!r}")
            if bytes(key.value) in out:
                raise Broken(f"the key {key!r} stands twice")
            out[bytes(key.value)] = self.value()
        return out


class Section:
    """One cross reference section: a table or a stream, with its trailer."""

    def __init__(self, at, trailer, entries, lines=None):
        self.at, self.trailer, self.entries = at, trailer, entries
        self.lines = lines  # of a table: (the line after `xref`, subsection heads, entries), as written


class Indirect:
    """An indirect object: `head` is "n g obj" as written with what stands before and after it."""

    def __init__(self, number, generation, at):
        self.number, self.generation, self.at = number, generation, at
        self.value = self.stream = self.tail = None
        self.seen = []


def unpredict(data, parameters):
    if parameters.get(b"Predictor", 1) < 10:
        return data
    width = parameters.get(b"Columns", 1)
    out, before = bytearray(), bytes(width)
    for at in range(0, len(data), width + 1):
        kind, row = data[at], bytearray(data[at + 1:at + 1 + width])
        if kind not in (0, 1, 2):
            raise Broken("a predictor that nobody of us writes")
        for i in range(len(row)):
            row[i] = row[i] + ((row[i - 1] if i else 0) if kind == 1 else before[i] if kind == 2 else 0) & 255
        out += row
        before = bytes(row)
    return bytes(out)


class Raw:
    def __init__(self, data):
        self.data = data
        self.sections, self.indirects, self.compressed = [], [], {}
        starts = re.findall(rb"startxref[\r\n ]+(\d+)[\r\n ]+%%EOF", data)
        if not starts:
            raise Broken("no startxref")
        at, visited = int(starts[-1]), set()
        while at is not None:
            if at in visited or at >= len(data):
                raise Broken("cross references that lead nowhere")
            visited.add(at)
            section = self.section(at)
            self.sections.append(section)
            at = section.trailer.get(b"Prev")
        self.trailer = self.sections[0].trailer
        for number, (generation, where) in sorted(self.newest().items()):
            if isinstance(where, int):
                self.indirects.append(self.object_at(number, generation, where))
        for one in list(self.indirects):
            if isinstance(one.value, dict) and one.value.get(b"Type") == b"ObjStm":
                self.unpack(one)

    def newest(self):
        out = {}
        for section in reversed(self.sections):
            out.update({n: e for n, e in section.entries.items()})
        return {n: e for n, e in out.items() if e is not None}

    def section(self, at):
        if self.data.startswith(b"xref", at):
            return self.table(at)
        one = self.object_at(None, None, at)
        if one.stream is None or one.value.get(b"Type") != b"XRef":
            raise Broken("no cross reference section")
        return Section(at, one.value, self.packed_entries(one))

    def table(self, at):
        line = re.compile(rb"[^\r\n]*(\r\n|\r|\n)")
        first = line.match(self.data, at)
        lines, entries, at = [first.group()], {}, first.end()
        while (m := line.match(self.data, at)) and not m.group().startswith(b"trailer"):
            lines.append(m.group())
            head = m.group().split()
            if len(head) != 2:
                raise Broken("the head of a subsection")
            start, count, at = int(head[0]), int(head[1]), m.end()
            for n in range(start, start + count):
                entry = self.data[at:at + 20]
                lines.append(entry)
                fields = entry.split()
                if len(fields) != 3:
                    raise Broken("an entry of a cross reference table")
                entries[n] = (int(fields[1]), int(fields[0])) if fields[2] == b"n" else None
                at += 20
        if not self.data.startswith(b"trailer", at):
            raise Broken("a table without its trailer")
        lexer = Lexer(self.data, at + 7)
        return Section(at, lexer.value(), entries, lines)

    def packed_entries(self, one):
        data, entries = self.unpacked(one), {}
        widths = one.value[b"W"]
        index = one.value.get(b"Index", [0, one.value[b"Size"]])
        at = 0
        for start, count in zip(index[::2], index[1::2]):
            for n in range(start, start + count):
                row = []
                for i, width in enumerate(widths):
                    row.append(int.from_bytes(data[at:at + width], "big") if width else 1 if i == 0 else 0)
                    at += width
                entries[n] = {0: None, 1: (row[2], row[1]), 2: (0, ("in", row[1], row[2]))}[row[0]]
        if at != len(data):
            raise Broken("a cross reference stream of another length than it says")
        return entries

    def unpacked(self, one):
        raw = self.data[one.stream[0]:one.stream[0] + self.length_of(one)]
        kind = one.value.get(b"Filter")
        kind = kind[0] if isinstance(kind, list) and len(kind) == 1 else kind
        if kind is None:
            return raw
        if kind != b"FlateDecode":
            raise Broken("a stream of the file's own in another filter")
        parameters = one.value.get(b"DecodeParms", {})
        return unpredict(zlib.decompress(raw), parameters if isinstance(parameters, dict) else parameters[0])

    def length_of(self, one):
        length = one.value.get(b"Length")
        if isinstance(length, Reference):
            found = self.newest().get(length[0])
            if found is None or not isinstance(found[1], int):
                raise Broken("a /Length that leads nowhere")
            length = self.object_at(length[0], length[1], found[1]).value
        if type(length) is not int:
            raise Broken("a stream without its /Length")
        return length

    def object_at(self, number, generation, at):
        head = re.compile(rb"(\d+)([\0\t\n\f\r ]+)(\d+)([\0\t\n\f\r ]+)obj").match(self.data, at)
        if not head or (number is not None and (int(head.group(1)), int(head.group(3))) != (number, generation)):
            raise Broken(f"object {number} is not at {at}")
        one = Indirect(int(head.group(1)), int(head.group(3)), at)
        one.spaces = (head.group(2), head.group(4))
        one.head_end = head.end()
        lexer = Lexer(self.data, head.end(), seen=one.seen)
        one.value = lexer.value()
        one.body_end = lexer.at
        after = lexer.token()
        if after == b"stream":
            keyword = lexer.at
            eol = 2 if self.data.startswith(b"\r\n", keyword) else 1
            one.stream = (keyword + eol, self.data[keyword:keyword + eol])
        elif after == b"endobj":
            one.tail = lexer.at
        else:
            raise Broken(f"object {one.number} does not end")
        return one

    def unpack(self, one):
        data = self.unpacked(one)
        head = Lexer(data, 0, one.value[b"First"])
        for _ in range(one.value[b"N"]):
            number, offset = head.token(), head.token()
            lexer = Lexer(data, one.value[b"First"] + offset, seen=one.seen)
            self.compressed[number] = (one.number, lexer.value())
