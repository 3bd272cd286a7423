"""The kinds of findings that reading makes, each with its page in the manual."""

from __future__ import annotations

from schedule_builder.diagnostics import TOO_LARGE, Kind

NOT_TEXT = Kind(
    "SB101",
    "not-text",
    "error",
    """The file is not a config in UTF-8.

    Binary files, such as checkpoints, and texts in UTF-16 or Latin-1 are not read. Save the text as
    UTF-8: editors on Windows offer that where they save. Other files that people save instead of a
    config are named: an HTML page, a Git LFS pointer, a .proto schema, a config in the other
    format.
    """,
)
SYNTAX = Kind(
    "SB102",
    "syntax",
    "error",
    """Invalid syntax.

    Text format is `name: value` and `name { ... }`, in files named `.config`, `.pbtxt` or
    `.textproto`. YAML and JSON have the suffixes `.yaml`, `.yml` and `.json`. Reading continues
    after an error, so that one run finds all of them.

        learning_rate 0.1

    Use instead:

        learning_rate: 0.1
    """,
)
UNCLOSED = Kind(
    "SB103",
    "unclosed",
    "error",
    """A block is never closed.

        optimizer { momentum_optimizer {

    Use instead:

        optimizer { momentum_optimizer { } }
    """,
)
TOO_DEEP = Kind(
    "SB104",
    "too-deep",
    "error",
    """Blocks are nested more than 100 deep, the limit of protobuf's own parsers.

    No config needs that many levels. Such a file was written by a program in a loop, or to make a
    reader fail. Remove the levels that no field needs.
    """,
)
PLACEHOLDER = Kind(
    "SB105",
    "placeholder",
    "error",
    """Unexpanded placeholder.

    A program replaces `$num_steps` and `{{ rate }}` with values. Check the file that it writes, or
    give the value with `--set`.

        num_steps: $training_steps

    Use instead:

        num_steps: 50000
    """,
)
EMPTY = Kind(
    "SB106",
    "empty",
    "error",
    """The file holds no fields.

    A config is a pipeline, an experiment or a learning rate.

        # all of it is commented out

    Use instead:

        constant_learning_rate { learning_rate: 0.01 }
    """,
)
TAG = Kind(
    "SB107",
    "tag",
    "error",
    """A YAML tag is used.

    A config is data: no tag is ever executed. `!!python/tuple` and `!!python/list` are read as
    lists, as the Model Garden writes them. Standard tags, such as `!!str`, change nothing where
    they fit the value, and are refused elsewhere, as by PyYAML.

        tpu: !!python/object/apply:os.getenv [TPU]

    Use instead:

        tpu: my-tpu
    """,
)
NOT_CONFIG = Kind(
    "SB109",
    "not-a-config",
    "error",
    """The file is not a config.

    Nothing at its top is a field of a pipeline (`train_config`), an experiment (`trainer`) or a
    learning rate (one of its kinds). Files that are not named are left out for the same reason.

        experiment_name: "cityscapes"  model_options { }

    Use instead:

        constant_learning_rate { learning_rate: 0.01 }
    """,
)
PYTHON_ONLY = Kind(
    "SB108",
    "python-only-syntax",
    "warning",
    """Protobuf's Python parser reads this, and its other parsers do not.

    It keeps the backslash of what is not an escape, as in the path `D:\\Models`, and takes a plus
    sign and underscores in numbers. The Object Detection API reads its configs with Python. In
    a path, `\\n`, `\\t` and others are escapes. `--fix` doubles the backslashes.

        fine_tune_checkpoint: "D:\\Models\\ckpt-0"   num_steps: 200_000

    Use instead:

        fine_tune_checkpoint: "D:\\\\Models\\\\ckpt-0"   num_steps: 200000
    """,
)
UNKNOWN_FIELD = Kind(
    "SB201",
    "unknown-field",
    "error",
    """Unknown field.

    The field is not in the schema. A misspelled field would otherwise be ignored, and its default
    used instead. The most similar field is suggested; `schedule-builder schema` lists all fields.

        learning_rate_bas: 0.1

    Use instead:

        learning_rate_base: 0.1
    """,
)
DUPLICATE = Kind(
    "SB202",
    "duplicate-field",
    "error",
    """A field is given twice.

    The Object Detection API and YAML's readers keep the last of two numbers without a warning; the
    author may expect the first. `--fix` removes the first, which has no effect.

        num_steps: 1000   num_steps: 2000

    Use instead:

        num_steps: 2000
    """,
)
WRONG_TYPE = Kind(
    "SB203",
    "wrong-type",
    "error",
    """A value does not have the type of its field.

        decay_steps: z

    Use instead:

        decay_steps: 1000
    """,
)
OUT_OF_RANGE = Kind(
    "SB204",
    "out-of-range",
    "error",
    """A number is out of the range of its field.

    Steps are at least 0 and fit the field's integer type. Rates are finite and at least 0.

        step: -1

    Use instead:

        step: 1
    """,
)
MISSING_FIELD = Kind(
    "SB205",
    "missing-field",
    "error",
    """A required field is missing.

        polynomial_decay_learning_rate { }

    Use instead:

        polynomial_decay_learning_rate { initial_learning_rate: 0.1 decay_steps: 1000 }
    """,
)
TWO_MEMBERS = Kind(
    "SB206",
    "two-of-one",
    "error",
    """Two members of a oneof are set.

    Protobuf's own parsers keep the last one without a warning.

        constant_learning_rate { } cosine_decay_learning_rate { }

    Use instead:

        constant_learning_rate { learning_rate: 0.1 }
    """,
)
NOT_INCREASING = Kind(
    "SB207",
    "not-increasing",
    "error",
    """Boundaries do not strictly increase.

        boundaries: [2000, 1000]

    Use instead:

        boundaries: [1000, 2000]
    """,
)
UNKNOWN_TYPE = Kind(
    "SB208",
    "unknown-type",
    "error",
    """Unknown `type`, or unknown type of an `Any`.

        learning_rate: {type: cosin}

    Use instead:

        learning_rate: {type: cosine}
    """,
)

DUPLICATE_KEY = Kind(
    "SB209",
    "duplicate-key",
    "warning",
    """A key is given twice in a part of the file that is not judged.

    YAML's readers keep the last value without a warning; the author may expect the first. Where
    merge keys (`<<`) merge two values, even versions of one reader differ.

        task: {model: {num_classes: 10, num_classes: 11}}

    Use instead:

        task: {model: {num_classes: 11}}
    """,
)
YAML_1_1 = Kind(
    "SB210",
    "yaml-1-1-value",
    "warning",
    """A value that YAML 1.1 and YAML 1.2 read differently.

    The Model Garden reads its experiments with PyYAML, which is YAML 1.1: `0100` is 64, `1_000` is
    1000, `1:30` is 90, and `yes` is true. This file is read in the same way. Other tools and most
    people read something else.

        train_steps: 0100

    Use instead:

        train_steps: 64
    """,
)

FINDINGS = (
    NOT_TEXT,
    SYNTAX,
    UNCLOSED,
    TOO_DEEP,
    PLACEHOLDER,
    EMPTY,
    TAG,
    PYTHON_ONLY,
    NOT_CONFIG,
    TOO_LARGE,
    UNKNOWN_FIELD,
    DUPLICATE,
    WRONG_TYPE,
    OUT_OF_RANGE,
    MISSING_FIELD,
    TWO_MEMBERS,
    NOT_INCREASING,
    UNKNOWN_TYPE,
    DUPLICATE_KEY,
    YAML_1_1,
)
"""All of them, for the manual."""
