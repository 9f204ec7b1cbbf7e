"""Is a file what it says it is: PDF/A-3 of level A (ISO 19005-3) and PDF/UA-1 (ISO 14289-1)? A second implementation that shares
nothing with what draws: a rule is a function, named and with its clause.

    from archive import judge
    judge(data)        -> [] or faults, each with .rule, .clause and .text
    python3 tests/archive FILE.pdf ..."""

from .rulebook import RULES, Fault, judge
from . import rules_file, rules_graphics, rules_fonts, rules_forms, rules_metadata, rules_tags  # noqa: F401

__all__ = ["RULES", "Fault", "judge"]
