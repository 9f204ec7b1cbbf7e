"""The transliteration of Doc 9303-3, section 6, and names in a zone (section 4.6), by a second hand: what a test expects."""

import pathlib
import unicodedata

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors/mrz/translit_latin.tsv"


def latin():
    """Table A: the first of the choices of each row."""
    rows = [line.split("\t") for line in VECTORS.read_text().splitlines() if line and not line.startswith("#")]
    return {r[0]: r[2].split(" | ")[0] for r in rows[1:]}


def pairs(text):
    return {one: latin for one, _, latin in (p.partition("=") for p in text.split())}


CYRILLIC = pairs("""Ё=E Ђ=D Ѓ=G Є=IE Ѕ=DZ І=I Ї=I Ј=J Љ=LJ Њ=NJ Ћ=C Ќ=K Ў=U Џ=DZ А=A Б=B В=V Г=G Д=D Е=E Ж=ZH З=Z И=I Й=I К=K Л=L М=M Н=N О=O
 П=P Р=R С=S Т=T У=U Ф=F Х=KH Ц=TS Ч=CH Ш=SH Щ=SHCH Ъ=IE Ы=Y Ь= Э=E Ю=IU Я=IA Ѫ=U Ѵ=Y Ґ=G Ғ=G Һ=C""")
ARABIC = pairs("""ء=XE آ=XAA أ=XAE ؤ=U إ=I ئ=XI ا=A ب=B ة=XTA ت=T ث=XTH ج=J ح=XH خ=XKH د=D ذ=XDH ر=R ز=Z س=S ش=XSH ص=XSS ض=XDZ ط=XTT ظ=XZZ ع=E
 غ=G ف=F ق=Q ك=K ل=L م=M ن=N ه=H و=W ى=XAY ي=Y ٱ=XXA ٹ=XXT ټ=XRT پ=P ځ=XKE څ=XXH چ=XC ڈ=XXD ډ=XDR ڑ=XXR ړ=XRR ږ=XRX ژ=XJ ښ=XXS ک=XKK ګ=XXK ڭ=XNG
 گ=XGG ں=XNN ڼ=XXN ھ=XDO ۀ=XYH ہ=XXG ۂ=XGE ۃ=XTG ی=XYA ۍ=XXY ې=Y ے=XYB ۓ=XBE""")
# no table of the standard has these: ELOT 743 letter by letter, and Ə, as the project's manual says
GREEK = pairs("Α=A Β=V Γ=G Δ=D Ε=E Ζ=Z Η=I Θ=TH Ι=I Κ=K Λ=L Μ=M Ν=N Ξ=X Ο=O Π=P Ρ=R Σ=S Τ=T Υ=Y Φ=F Χ=CH Ψ=PS Ω=O")
TABLE = latin() | CYRILLIC | ARABIC | GREEK | {"Ə": "E", "Ŀ": "L"} | {c: c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
SHADDA, TEH_MARBUTA = "\u0651", "\u0629"
DROPPED, PARTING = set("'’‘.·׳״"), set(" -,\u2010\u00a0")


class Refused(Exception):
    """The character that no table has."""


def letter(char):
    upper = char if char in "ßı" else char.upper() if len(char.upper()) == 1 else char
    if upper in TABLE:
        return TABLE[upper]
    bases = [c.upper() for c in unicodedata.normalize("NFD", upper) if unicodedata.category(c) != "Mn"]
    if unicodedata.normalize("NFD", upper) == upper or any(c not in TABLE for c in bases):
        raise Refused(char)
    return "".join(TABLE[c] for c in bases)


def words(name):
    """The words of a name in the alphabet of the zone."""
    out, current, last, any_yet = [], "", "", False
    for char in name + " ":
        if char in PARTING:
            if current.endswith("XTA") and last == TEH_MARBUTA:
                current = current[:-2] + "AH"
            out, current, last = out + [current] * bool(current), "", ""
        elif char == SHADDA:
            current += TABLE.get(last, "") if last else ""
        elif char in DROPPED or (any_yet and unicodedata.category(char) == "Mn"):
            continue
        else:
            current += letter(char)
            last, any_yet = char, any_yet or bool(current)
    return out


def field_fault(field, surname, given, width=31):
    """What is wrong with the name field of a zone; None when it follows section 4.6."""
    first, second = words(surname), words(given)
    whole = "<".join(first) + ("<<" + "<".join(second) if second else "")
    if len(whole) <= width:
        return None if field == whole.ljust(width, "<") else f"{field} is not {whole}"
    if len(field) != width or not field.rstrip("<").isascii() or set(field) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ<"):
        return f"{field}: its characters"
    if len(field.rstrip("<")) < width - 2 and second:
        return f"{field} was cut more than it had to be"
    kept = [part.split("<") for part in field.rstrip("<").split("<<")]
    if len(kept) > 2 or (second and len(kept) != 2):
        return f"{field}: primary and secondary"
    for mine, theirs in zip(kept, (first, second)):
        if len(mine) > len(theirs) or any(not t.startswith(m) or not m for m, t in zip(mine, theirs)):
            return f"{field} does not begin the words of the name"
    return None
