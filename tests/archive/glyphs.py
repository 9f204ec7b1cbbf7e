"""Font programs and character maps, read for their numbers alone: TrueType (ISO/IEC 14496-22), CFF, ToUnicode."""

import re
import struct


class TrueType:
    def __init__(self, data):
        if data[:4] not in (b"\0\1\0\0", b"true"):
            raise ValueError("no TrueType program")
        count = struct.unpack(">H", data[4:6])[0]
        self.tables = {}
        for i in range(count):
            tag, _, offset, length = struct.unpack(">4sIII", data[12 + 16 * i:28 + 16 * i])
            self.tables[tag.decode("latin1")] = data[offset:offset + length]
        for tag in ("head", "hhea", "hmtx", "maxp", "loca", "glyf"):
            if tag not in self.tables:
                raise ValueError(f"no table {tag}")
        self.units = struct.unpack(">H", self.tables["head"][18:20])[0]
        self.glyphs = struct.unpack(">H", self.tables["maxp"][4:6])[0]
        self.metrics = struct.unpack(">H", self.tables["hhea"][34:36])[0]
        if len(self.tables["hmtx"]) < 4 * self.metrics + 2 * (self.glyphs - self.metrics):
            raise ValueError("hmtx is too short")
        long = struct.unpack(">h", self.tables["head"][50:52])[0] == 1
        size = 4 if long else 2
        places = [int.from_bytes(self.tables["loca"][i * size:i * size + size], "big") * (1 if long else 2) for i in range(self.glyphs + 1)]
        if places != sorted(places) or places[-1] > len(self.tables["glyf"]):
            raise ValueError("loca")
        self.places = places

    def has(self, glyph):
        return glyph < self.glyphs

    def width(self, glyph):
        at = 4 * min(glyph, self.metrics - 1)
        return struct.unpack(">H", self.tables["hmtx"][at:at + 2])[0] * 1000 / self.units

    def shape(self, glyph, depth=0):
        """A glyph's outline without its hints, so that it can be known again in another program; None for an empty one."""
        data = self.tables["glyf"][self.places[glyph]:self.places[glyph + 1]]
        if not data or depth > 4:
            return None
        contours = struct.unpack(">h", data[:2])[0]
        if contours >= 0:
            hints = 10 + 2 * contours
            skip = struct.unpack(">H", data[hints:hints + 2])[0]
            return data[:hints], data[hints + 2 + skip:].rstrip(b"\0")
        parts, at, more = [], 10, True
        while more:
            flags, part = struct.unpack(">HH", data[at:at + 4])
            size = (4 if flags & 1 else 2) + (2 if flags & 8 else 4 if flags & 0x40 else 8 if flags & 0x80 else 0)
            parts.append((data[at + 4:at + 4 + size], self.shape(part, depth + 1)))
            at, more = at + 4 + size, flags & 0x20
        return tuple(parts)

    def cmap(self):
        """Characters of the program's own Unicode map, formats 4 and 12; {} when it has none."""
        out, table = {}, self.tables.get("cmap", b"\0\0\0\0")
        for i in range(struct.unpack(">H", table[2:4])[0]):
            offset = struct.unpack(">I", table[8 + 8 * i:12 + 8 * i])[0]
            kind = struct.unpack(">H", table[offset:offset + 2])[0]
            if kind == 12:
                groups = struct.unpack(">I", table[offset + 12:offset + 16])[0]
                for g in range(groups):
                    first, last, glyph = struct.unpack(">III", table[offset + 16 + 12 * g:offset + 28 + 12 * g])
                    out.update({c: glyph + c - first for c in range(first, last + 1)})
            elif kind == 4:
                out.update(self.format4(table[offset:]))
        return out

    @staticmethod
    def format4(t):
        n = struct.unpack(">H", t[6:8])[0] // 2
        part = lambda at, kind: struct.unpack(f">{n}{kind}", t[at:at + 2 * n])
        ends, starts, deltas, ranges = part(14, "H"), part(16 + 2 * n, "H"), part(16 + 4 * n, "h"), part(16 + 6 * n, "H")
        out = {}
        for i in range(n):
            for c in range(starts[i], min(ends[i], 0xFFFE) + 1):
                if ranges[i]:
                    at = 16 + 6 * n + 2 * i + ranges[i] + 2 * (c - starts[i])
                    glyph = struct.unpack(">H", t[at:at + 2])[0]
                    glyph = glyph + deltas[i] & 0xFFFF if glyph else 0
                else:
                    glyph = c + deltas[i] & 0xFFFF
                if glyph:
                    out[c] = glyph
        return out


class Cff:
    """Adobe Technical Note 5176: as much as tells whether the program is CID-keyed, its glyphs, and the widths of each."""

    def __init__(self, data):
        if data[0] != 1:
            raise ValueError("no CFF program")
        self.data = data
        names, at = self.index(data[2])
        tops, at = self.index(at)
        strings, at = self.index(at)
        if len(names) != 1:
            raise ValueError("not one font")
        top = self.dictionary(tops[0])
        self.cid_keyed = (12, 30) in top
        self.matrix = top.get((12, 7), [0.001, 0, 0, 0.001, 0, 0])
        self.charstrings, _ = self.index(int(top[17][0]))
        self.glyphs = len(self.charstrings)
        self.privates = [self.private(top)] if 18 in top else []
        self.select = None
        if self.cid_keyed:
            parts, _ = self.index(int(top[(12, 36)][0]))
            self.privates = [self.private(self.dictionary(p)) for p in parts]
            self.select = int(top[(12, 37)][0])
        self.cids = self.charset(int(top[15][0]) if 15 in top else 0)

    def index(self, at):
        d = self.data
        count = struct.unpack(">H", d[at:at + 2])[0]
        if count == 0:
            return [], at + 2
        size = d[at + 2]
        offsets = [int.from_bytes(d[at + 3 + i * size:at + 3 + (i + 1) * size], "big") for i in range(count + 1)]
        base = at + 2 + (count + 1) * size
        return [d[base + a:base + b] for a, b in zip(offsets, offsets[1:])], base + offsets[-1]

    @staticmethod
    def dictionary(d):
        out, stack, i = {}, [], 0
        while i < len(d):
            b = d[i]
            i += 1
            if b <= 21:
                key = b
                if b == 12:
                    key = (12, d[i])
                    i += 1
                out[key], stack = stack, []
            elif b == 28:
                stack.append(struct.unpack(">h", d[i:i + 2])[0])
                i += 2
            elif b == 29:
                stack.append(struct.unpack(">i", d[i:i + 4])[0])
                i += 4
            elif b == 30:
                text = ""
                while not text.endswith("f"):
                    text += f"{d[i]:02x}"
                    i += 1
                text = text[:text.index("f")].translate({97: ".", 98: "E", 99: "E-", 101: "-"})
                stack.append(float(text or 0))
            elif b <= 246:
                stack.append(b - 139)
            elif b <= 250:
                stack.append((b - 247) * 256 + d[i] + 108)
                i += 1
            else:
                stack.append(-(b - 251) * 256 - d[i] - 108)
                i += 1
        return out

    def private(self, holder):
        size, at = (int(v) for v in holder[18])
        p = self.dictionary(self.data[at:at + size])
        return p.get(20, [0])[0], p.get(21, [0])[0]

    def charset(self, at):
        """The CID of each glyph (in a font that is not CID-keyed: the glyph's own number)."""
        if not self.cid_keyed or at < 3:
            return list(range(self.glyphs))
        out, d = [0], self.data
        kind, at = d[at], at + 1
        while len(out) < self.glyphs:
            first = struct.unpack(">H", d[at:at + 2])[0]
            at += 2
            more = 0
            if kind:
                more = int.from_bytes(d[at:at + kind], "big")
                at += kind
            out += range(first, first + more + 1)
        return out[:self.glyphs]

    def part_of(self, glyph):
        if self.select is None:
            return 0
        d, at = self.data, self.select
        if d[at] == 0:
            return d[at + 1 + glyph]
        count = struct.unpack(">H", d[at + 1:at + 3])[0]
        for i in range(count):
            first, part, nxt = struct.unpack(">HBH", d[at + 3 + 3 * i:at + 8 + 3 * i])
            if first <= glyph < nxt:
                return part
        raise ValueError("FDSelect")

    def has(self, cid):
        return cid in self.cids

    def width(self, cid):
        """Technical Note 5177: an operand more than the first operator that clears the stack takes is the width."""
        glyph = self.cids.index(cid)
        default, nominal = self.privates[self.part_of(glyph)]
        d, stack, i = self.charstrings[glyph], [], 0
        while i < len(d):
            b = d[i]
            i += 1
            if b >= 32 or b == 28:
                size = 2 if b == 28 else 0 if b <= 246 else 1 if b <= 254 else 4
                part = d[i:i + size]
                stack.append(struct.unpack(">h", part)[0] if b == 28 else b - 139 if b <= 246 else
                             (b - 247) * 256 + part[0] + 108 if b <= 250 else -(b - 251) * 256 - part[0] - 108 if b <= 254 else
                             struct.unpack(">i", part)[0] / 65536)
                i += size
                continue
            takes = {1: None, 3: None, 18: None, 23: None, 19: None, 20: None, 21: 2, 4: 1, 22: 1, 14: 0}.get(b, "other")
            if takes == "other":
                raise ValueError("a glyph that begins in a way that this reader does not know")
            odd = len(stack) % 2 == 1 if takes is None else len(stack) > takes
            return ((nominal + stack[0]) if odd else default) * 1000 * self.matrix[0]
        raise ValueError("an empty glyph")


def to_unicode(data):
    """Code -> text, as a ToUnicode CMap says (ISO 32000-1, 9.10.3). Codes are of two bytes."""
    out = {}
    text = data.decode("latin1")
    utf16 = lambda h: bytes.fromhex(h).decode("utf-16-be", "surrogatepass")
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.S):
        for code, value in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", block):
            out[int(code, 16)] = utf16(value)
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.S):
        for first, last, value, many in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[(.*?)\])", block, re.S):
            a, b = int(first, 16), int(last, 16)
            if value:
                start = utf16(value)
                for i in range(b - a + 1):
                    out[a + i] = start[:-1] + chr(ord(start[-1]) + i)
            else:
                for i, one in enumerate(re.findall(r"<([0-9A-Fa-f]+)>", many)):
                    out[a + i] = utf16(one)
    return out


def widths_of(font):
    """CID -> width of a CIDFont's /W (ISO 32000-1, 9.7.4.3)."""
    out, items, i = {}, list(font.get("/W", [])), 0
    while i < len(items):
        first = int(items[i])
        if hasattr(items[i + 1], "__iter__"):
            for k, w in enumerate(items[i + 1]):
                out[first + k] = float(w)
            i += 2
        else:
            for cid in range(first, int(items[i + 1]) + 1):
                out[cid] = float(items[i + 2])
            i += 3
    return out
