"""A table in Markdown, for the summary of a CI job or a comment."""

from __future__ import annotations

import re

from schedule_builder.diagnostics import Diagnostic
from schedule_builder.output.findings import Findings, ending
from schedule_builder.rules.kinds import FINDINGS_LEFT_OUT
from schedule_builder.rules.pages import KINDS, address

MOST_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536 characters, and drops longer job summaries."""
HEAD = "| place | finding | message |\n|---|---|---|\n"
_SPECIAL = re.compile(r"[\\*_{}\[\]<>#|~&@]")
_CODE = re.compile(r"(`[^`]+`)")


def render(findings: Findings) -> str:
    """The whole output: the summary, then errors before warnings."""
    lines = "\n".join(ending(findings)).splitlines()
    text = "".join(f"{escaped(line)}\n\n" for line in lines)
    ordered = sorted(findings.diagnostics, key=lambda d: d.severity != "error")
    if ordered:
        text += HEAD
    for count, found in enumerate(ordered):
        line = row(found)
        if len(text) + len(line) > MOST_CHARACTERS:
            listed = sum(other.code != FINDINGS_LEFT_OUT.code for other in ordered[:count])
            left_out = len(findings.all) - listed
            return f"{text}\n{left_out} more are left out here: see the log.\n"
        text += line
    return text


def row(found: Diagnostic) -> str:
    """A finding as a row of the table."""
    place = code(f"{found.filename}:{found.row}:{found.column}")
    link = f"{found.severity} [{found.code}]({address(KINDS[found.code])})"
    return f"| {place} | {link} | {escaped(found.message)} |\n"


def code(text: str) -> str:
    """A text as code in a cell of a table, whose cells end at a bar even in code."""
    marks = "``" if "`" in text else "`"
    space = " " * (len(marks) - 1)
    return f"{marks}{space}{text}{space}{marks}".replace("|", "\\|")


def escaped(text: str) -> str:
    """A message in a cell of a table: its code stays code, the rest is text."""
    # Every second part is one that the pattern found.
    return "".join(
        code(part[1:-1]) if index % 2 else _SPECIAL.sub(r"\\\g<0>", part)
        for index, part in enumerate(_CODE.split(text))
    )
