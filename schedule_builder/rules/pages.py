"""The manual of every kind of finding: its code, its name, and a page that explains it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from schedule_builder import compiler
from schedule_builder.diagnostics import Kind
from schedule_builder.reading import binding, tree
from schedule_builder.rules import config_rules as rules
from schedule_builder.rules import run_rules
from schedule_builder.workspace import suppressions as suppressing

STALE_BASELINE = Kind("SB903", "stale-baseline", "warning")

_OTHERS: dict[Kind, str] = {
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
    compiler.IMPOSSIBLE: """The numbers make a schedule.

    Each alone is within its bounds, and together they mean nothing: an exponential shape from
    rate 0, a batch-size scaling without a batch size.

        constant_learning_rate { learning_rate: 0.1 } warmup { warmup_steps: 9 shape: EXPONENTIAL }
    """,
    compiler.NOT_FINITE: """Every rate of the run is a finite number, not negative.

    Products of growing factors overflow, and some formulas of the Model Garden divide by zero at
    their end. An optimizer would write NaN into every weight.
    """,
    compiler.NOT_IN_KERAS: """The optimizer is one that Keras has.

    Reported by `build_optimizer` alone: the learning rate of the same config builds.
    """,
    suppressing.UNUSED: """A suppression silences something.

    One that does not hides the next finding of its kind. `--fix` removes it.

        num_steps: 1000  # schedule-builder: ignore[SB402]
        num_steps: 1000
    """,
    suppressing.BAD: """A suppression names the codes that it silences.

        # schedule-builder: ignore
        # schedule-builder: ignore[SB402]
    """,
    STALE_BASELINE: """A baseline holds what is still found.

    An entry that is found no more would hide the next finding like it. Write the baseline anew
    with `--write-baseline`.
    """,
}


@dataclass(frozen=True)
class Page:
    """The manual of one kind of finding."""

    code: str
    name: str
    severity: str
    text: str

    @property
    def title(self) -> str:
        """What is right, in one sentence."""
        return self.text.partition("\n")[0]

    def __str__(self) -> str:
        return (
            f"{self.code} {self.name} ({self.severity})\n\n{self.text}\n\n"
            f"Silence one with the comment `# schedule-builder: ignore[{self.code}]` on its line,"
            f" all of a file\nwith `ignore-file[{self.code}]`, all of a project with"
            f' `ignore = ["{self.code}"]` in its settings.\n'
        )


def _pages() -> dict[str, Page]:
    # Where there is no prose, the least indentation is that of an example, which is to stay.
    texts = {kind: text.replace("\n    ", "\n").strip() for kind, text in _OTHERS.items()}
    for found in (r for entries in rules.RULES.values() for r in entries):
        texts[found.kind] = inspect.cleandoc(found.check.__doc__ or "")
    for kind, check in run_rules.RULES:
        texts[kind] = inspect.cleandoc(check.__doc__ or "")
    pages = (Page(*kind[:3], text) for kind, text in texts.items())
    return {page.code: page for page in sorted(pages, key=lambda page: page.code)}


RULES = _pages()
"""The pages, by code."""
NAMES = {page.name: code for code, page in RULES.items()}


def find(text: str) -> list[Page]:
    """The pages of a code, of a name, or of all codes that begin so."""
    code = NAMES.get(text.lower(), text.upper())
    return [page for page in RULES.values() if page.code.startswith(code)]
