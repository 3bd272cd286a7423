"""The limits of what is read and computed: all of them, and nothing else.

No honest config comes near them. They keep a file that a program wrote in a loop, or that is meant
to make a reader fail, from taking minutes or gigabytes. `docs/limits.md` lists them for users.
"""

from __future__ import annotations

MAX_FILE_BYTES = 5_000_000
"""The size of a config: one with as many stages as a schedule may have segments."""
MAX_BASELINE_BYTES = 100_000_000
"""The size of a baseline: one of about 500,000 findings."""
MAX_RATES_BYTES = 200_000_000
"""The size of a CSV of applied rates: one of about 8,000,000 steps."""
MAX_DATA_CHARACTERS = 20_000_000
"""The size of a dict or a message, as it is written out for the places of findings."""
MAX_DEPTH = 100
"""The levels of nested blocks and lists: the limit of protobuf's own parsers."""
MAX_ALIASED_VALUES = 1_000_000
"""The values that YAML's aliases add to those in the text."""
MAX_NUMBER_CHARACTERS = 10_000
"""The length of a number as it is written."""
MAX_SYNTAX_ERRORS = 50
"""The syntax errors of a file after which its rest is not read."""
MAX_FINDINGS = 10_000
"""The findings of a file that are kept."""
MAX_SHOWN_FINDINGS = 1_000
"""The findings of a file that are shown, where the setting `max-findings` does not say another
number."""
MAX_SUGGESTIONS = 1_000
"""The findings of a file for which a similar name is looked for."""
MAX_SEGMENTS = 100_000
"""The stretches of a schedule, each with a curve of its own."""
MAX_MEMBERS = 32
"""The members of a combination, counted with those of combinations in it."""
MAX_MEMBER_SEGMENTS = 5_000
"""The segments of all members of a combination."""
MAX_FIX_PASSES = 10
"""How often a file is fixed and checked again."""
MAX_SHOWN_STEPS = 1_000_000
"""The steps that `show --steps` prints."""
