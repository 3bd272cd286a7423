"""The manual of every kind of finding: its code, its name, and a page that explains it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from schedule_builder.diagnostics import Kind
from schedule_builder.reading import binding, tree
from schedule_builder.rules.kinds import KINDS as REPORTED_ABOVE
from schedule_builder.rules.registry import RULES

_INDENTED = re.compile(r"^ +(?=\S)", re.MULTILINE)

_READING: dict[Kind, str] = {
    tree.NOT_TEXT: """A config is a text in UTF-8.

    Binary files, such as checkpoints, and texts in UTF-16 or Latin-1 are not read. Editors on
    Windows offer UTF-8 where they save. What else is saved in the place of a config by mistake is
    recognised, too: a web page, a Git LFS pointer, the schema itself, a file in the other format.
    """,
    tree.SYNTAX: """A config follows the syntax of its format.

    Text format is `name: value` and `name { ... }`; the suffixes `.config`, `.pbtxt` and
    `.textproto` say so. YAML and JSON have the suffixes `.yaml`, `.yml` and `.json`. Reading goes
    on behind an error, so that one run finds more than the first of them.

        learning_rate 0.1
        learning_rate: 0.1
    """,
    tree.UNCLOSED: """Every block that is opened is closed.

        optimizer { momentum_optimizer {
        optimizer { momentum_optimizer { } }
    """,
    tree.TOO_DEEP: """Blocks nest at most 100 deep, the limit of protobuf's own parsers.

    No config is meant to be deeper: a file like this was written by a program in a loop, or to
    make a reader fail.
    """,
    tree.PLACEHOLDER: """Templates are filled in before they are checked.

    `$num_steps` and `{{ rate }}` stand for values that a program puts there. Check what it writes,
    or give the value with `--set`.

        num_steps: $training_steps
        num_steps: 50000
    """,
    tree.EMPTY: """A config holds something: a pipeline, an experiment or a learning rate.

        # all of it is commented out
        constant_learning_rate { learning_rate: 0.01 }
    """,
    tree.TAG: """A config is data: no tag of YAML is ever executed.

    `!!python/tuple` and `!!python/list` are read as lists, as the Model Garden writes them.

        tpu: !!python/object/apply:os.getenv [TPU]
        tpu: my-tpu
    """,
    binding.UNKNOWN_FIELD: """Fields have the names of the schema.

    A misspelled field would otherwise be ignored, and its default be used in silence. What is
    meant is suggested; `schedule-builder schema` lists all fields.

        learning_rate_bas: 0.1
        learning_rate_base: 0.1
    """,
    tree.DUPLICATE: """A field that is not repeated is given once.

    The Object Detection API and YAML's readers keep the last of two numbers and say nothing, and
    the other is what their author may believe in. `--fix` removes the first, which counts for
    nothing, where the file is sound otherwise.

        num_steps: 1000   num_steps: 2000
        num_steps: 2000
    """,
    binding.WRONG_TYPE: """Values have the type of their field.

        decay_steps: z
        decay_steps: 1000
    """,
    binding.OUT_OF_RANGE: """Values lie within the bounds of their field.

    Steps are not negative and fit the field's integers, rates are finite and not negative.

        step: -1
        step: 1
    """,
    binding.MISSING_FIELD: """What has no default is given.

        polynomial_decay_learning_rate { }
        polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 1000 }
    """,
    binding.TWO_MEMBERS: """Of fields that exclude each other one is given.

    Protobuf's own parsers keep the last and say nothing.

        constant_learning_rate { } cosine_decay_learning_rate { }
        constant_learning_rate { learning_rate: 0.1 }
    """,
    binding.NOT_INCREASING: """Boundaries strictly increase.

        boundaries: [2000, 1000]
        boundaries: [1000, 2000]
    """,
    binding.UNKNOWN_TYPE: """A `type`, or the type of an `Any`, is one that exists.

        learning_rate: {type: cosin}
        learning_rate: {type: cosine}
    """,
}


def _kinds() -> Iterator[Kind]:
    for kind, page in _READING.items():
        yield kind._replace(page=kind.page or page)
    yield from REPORTED_ABOVE
    yield from (rule.kind for rule in RULES.values())


def _dedented(page: str) -> str:
    """A page without the indentation of the code that it is in.

    Four columns and no more: the least indentation may be that of an example, which stays. Newer
    versions of Python take them from docstrings themselves.
    """
    margin = min((len(found[0]) for found in _INDENTED.finditer(page)), default=0)
    return re.sub(rf"^ {{{min(margin, 4)}}}", "", page, flags=re.MULTILINE).strip()


KINDS = {
    kind.code: kind._replace(page=_dedented(kind.page))
    for kind in sorted(_kinds(), key=lambda kind: kind.code)
}
"""All kinds of findings, by code."""
NAMES = {kind.name: code for code, kind in KINDS.items()}


def find(text: str) -> list[Kind]:
    """The kinds of a code, of a name, or of all codes that begin so."""
    code = NAMES.get(text.lower(), text.upper())
    return [kind for kind in KINDS.values() if kind.code.startswith(code)]


def manual(kind: Kind) -> str:
    """A kind's page as a terminal shows it."""
    return (
        f"{kind.code} {kind.name} ({kind.severity})\n\n{kind.page}\n\n"
        f"To suppress one, put the comment `# schedule-builder: ignore[{kind.code}]` on its line."
        f'\n`ignore-file[{kind.code}]` suppresses all in a file; `ignore = ["{kind.code}"]` in'
        " the settings, all in a project.\n"
    )
