"""The rules and the judge. A rule is a function of an opened file that yields what is wrong; its clause says where it is asked for:
"A" is ISO 19005-3 (level A), "UA" is ISO 14289-1, "PDF" is ISO 32000-1."""

import io

import pikepdf

from .content import contents_of
from .syntax import Broken, Raw

RULES = {}


class Fault:
    def __init__(self, rule, clause, text):
        self.rule, self.clause, self.text = rule, clause, text

    def __repr__(self):
        return f"{self.clause} {self.rule}: {self.text}"


def rule(clause):
    def register(function):
        assert function.__name__ not in RULES, function.__name__
        RULES[function.__name__] = (clause, function)
        return function
    return register


class File:
    """A document as its rules see it."""

    def __init__(self, data):
        self.data = data
        self.raw = Raw(data)
        self.pdf = pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
        self.root = self.pdf.Root
        self.objects = [o for o in self.pdf.objects if o is not None]
        self.contents = contents_of(self.pdf)
        self.pages = [p.obj for p in self.pdf.pages]
        self.annotations = [a for p in self.pages for a in p.get("/Annots", [])]

    def values(self):
        """Every dictionary and stream of the file once, wherever it stands."""
        if not hasattr(self, "_values"):
            self._values = list(self._all())
        return self._values

    def _all(self):
        waiting = list(self.objects) + [self.pdf.trailer]
        while waiting:
            one = waiting.pop()
            if isinstance(one, pikepdf.Array):
                waiting += [v for v in one if holds(v)]
            elif isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
                yield one
                waiting += [v for v in (one[k] for k in one.keys()) if holds(v)]


def holds(value):
    """A direct value that has others in it; what is indirect comes by itself."""
    return isinstance(value, (pikepdf.Array, pikepdf.Dictionary)) and not value.is_indirect


def judge(data, besides=()):
    """What is wrong with a file; [] for one that keeps every rule. besides: names of rules that are not asked."""
    try:
        file = File(data)
    except (Broken, pikepdf.PdfError, KeyError, TypeError, ValueError, IndexError) as broken:
        return [Fault("readable", "PDF 7.5", f"{type(broken).__name__}: {broken}")]
    faults = []
    for name, (clause, function) in RULES.items():
        if name not in besides:
            try:
                faults += [Fault(name, clause, text) for text in function(file)]
            except (pikepdf.PdfError, SyntaxError, KeyError, AttributeError, TypeError, ValueError, IndexError) as broken:
                faults.append(Fault(name, clause, f"{type(broken).__name__}: {broken}"))
    return faults
