"""Fixes: they remove findings, keep comments, layout and the schedule, and are made once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder import first_difference, load, validate_text
from schedule_builder.compiler import examine
from schedule_builder.diagnostics import ConfigError, Edit, Source, Span
from schedule_builder.reading.edits import apply_fixes
from schedule_builder.rules.pages import KINDS
from schedule_builder.schedules.schedule import Schedule
from schedule_builder.workspace.checker import check
from schedule_builder.workspace.fixes import fix
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings
from tests.support.data import DATA, needs_data

FOLDER = Path(__file__).parent.parent / "rule_cases"
REQUEST = Request(settings=Settings())


def fixed(text: str, name: str = "a.config", *, unsafe: bool = False) -> str:
    return fix(text.encode(), name, REQUEST, unsafe=unsafe)[0].decode()


LAYOUTS = {
    "entries on lines of their own": (
        "a.config",
        """manual_step_learning_rate {
  # why
  initial_learning_rate: 0.1  # first
  schedule { # at the start
    step: 0  # zero
    learning_rate: 0.2
  }  # after
  schedule { step: 10 learning_rate: 0.02 };
  schedule { step: 20 learning_rate: 0.02 };  # nothing
}
""",
        """manual_step_learning_rate {
  # why
  initial_learning_rate: 0.2  # first
  # at the start
  # zero
  # after
  schedule { step: 10 learning_rate: 0.02 };
  # nothing
}
""",
    ),
    "all on one line": (
        "a.config",
        "manual_step_learning_rate { schedule { step: 0 learning_rate: 0.2 }"
        " schedule { step: 5 learning_rate: 0.2 } schedule { step: 9 learning_rate: 0.1 } }",
        "manual_step_learning_rate { initial_learning_rate: 0.2"
        " schedule { step: 9 learning_rate: 0.1 } }",
    ),
    "a list in text format": (
        "a.config",
        "manual_step_learning_rate {\n  schedule: [\n    {step: 0 learning_rate: 0.2},\n"
        "    {step: 9 learning_rate: 0.1}, {step: 10 learning_rate: 0.1}\n  ]\n}\n",
        "manual_step_learning_rate {\n  initial_learning_rate: 0.2\n  schedule: [\n"
        "    {step: 9 learning_rate: 0.1}\n  ]\n}\n",
    ),
    "Windows' line ends": (
        "a.config",
        "manual_step_learning_rate {\r\n  schedule { step: 0 learning_rate: 0.2 } # a\r\n"
        "  schedule { step: 9 learning_rate: 0.1 }\r\n}\r\n",
        "manual_step_learning_rate {\r\n  initial_learning_rate: 0.2\r\n  # a\r\n"
        "  schedule { step: 9 learning_rate: 0.1 }\r\n}\r\n",
    ),
    "YAML blocks": (
        "a.yaml",
        """manual_step_learning_rate:
  schedule:
    - step: 0
      learning_rate: 0.2  # a
    # about five
    - step: 5
      learning_rate: 0.2
    - {step: 10, learning_rate: 0.02}
""",
        """manual_step_learning_rate:
  initial_learning_rate: 0.2
  schedule:
    # a
    # about five
    - {step: 10, learning_rate: 0.02}
""",
    ),
    "YAML blocks whose dashes stand alone": (
        "a.yaml",
        """manual_step_learning_rate:
  schedule:
    -
      step: 0
      learning_rate: 0.2
    - # a

      step: 5
      learning_rate: 0.2
    -
      step: 10
      learning_rate: 0.02
""",
        """manual_step_learning_rate:
  initial_learning_rate: 0.2
  schedule:
    # a
    -
      step: 10
      learning_rate: 0.02
""",
    ),
    "YAML blocks with a comment after the dash": (
        "a.yaml",
        """manual_step_learning_rate:
  initial_learning_rate: 0.1
  schedule:
  - # one
    step: 5
    learning_rate: 0.1
  - step: 600
    step: 700
    learning_rate: 0.01
""",
        """manual_step_learning_rate:
  initial_learning_rate: 0.1
  schedule:
  # one
  - step: 700
    learning_rate: 0.01
""",
    ),
    "a tag and an anchor": (
        "a.yaml",
        "piecewise_constant_learning_rate:\n  boundaries: [1, 2, 3]\n  values:\n    - 0.1\n"
        "    - !!float 0.1\n    - 0.01\n    - &low 0.001\n",
        "piecewise_constant_learning_rate:\n  boundaries: [2, 3]\n  values:\n    - 0.1\n"
        "    - 0.01\n    - &low 0.001\n",
    ),
    "an anchor in a flow": (
        "a.yaml",
        "piecewise_constant_learning_rate: {boundaries: [1, 2], values: [0.1, &low 0.1, 0.01]}\n",
        "piecewise_constant_learning_rate: {boundaries: [2], values: [0.1, 0.01]}\n",
    ),
    "a block that would be empty": (
        "a.yaml",
        "piecewise_constant_learning_rate: {boundaries: [1, 2], values: [0.1, 0.1, 0.1]}\n",
        "piecewise_constant_learning_rate: {boundaries: [1, 2], values: [0.1, 0.1, 0.1]}\n",
    ),
    "JSON": (
        "a.json",
        '{"manual_step_learning_rate": {"schedule": [{"step": 0, "learning_rate": 0.2},'
        ' {"step": 9, "learning_rate": 0.1},\n  {"step": 10, "learning_rate": 0.1}]}}',
        '{"manual_step_learning_rate": {"initial_learning_rate": 0.2, "schedule":'
        ' [{"step": 9, "learning_rate": 0.1}]}}',
    ),
    "the first of two values": (
        "a.config",
        "constant_learning_rate {\n  learning_rate: 1  # old\n  learning_rate: 2\n}\n",
        "constant_learning_rate {\n  # old\n  learning_rate: 2\n}\n",
    ),
    "two values on one line": (
        "a.config",
        "constant_learning_rate {\n  learning_rate: 1 learning_rate: 2\n}\n",
        "constant_learning_rate {\n  learning_rate: 2\n}\n",
    ),
    "the first two of three values in yaml": (
        "a.yaml",
        "constant_learning_rate:\n  learning_rate: 1\n  learning_rate: 2 # b\n  learning_rate: 3\n",
        "constant_learning_rate:\n  # b\n  learning_rate: 3\n",
    ),
    "the first of two values in json": (
        "a.json",
        '{"constant_learning_rate": {"learning_rate": 1, "learning_rate": 2}}',
        '{"constant_learning_rate": {"learning_rate": 2}}',
    ),
    "a suppression on a line of its own": (
        "a.yaml",
        "# schedule-builder: ignore[SB402]\n# more\nconstant_learning_rate: {learning_rate: 1}\n",
        "# more\nconstant_learning_rate: {learning_rate: 1}\n",
    ),
    "a suppression after a value": (
        "a.yaml",
        "constant_learning_rate: {learning_rate: 1}  # schedule-builder: ignore[SB402]\n",
        "constant_learning_rate: {learning_rate: 1}\n",
    ),
    "some of several suppressions": (
        "a.yaml",
        "constant_learning_rate: {}  # why  # schedule-builder: ignore[SB402, SB409,SB404]\n",
        "constant_learning_rate: {}  # why  # schedule-builder: ignore[SB409]\n",
    ),
    "several suppressions": (
        "a.yaml",
        "# schedule-builder: ignore-file[SB402, SB404]\nconstant_learning_rate:"
        " {learning_rate: 1}  # why  # schedule-builder: ignore[SB402]\n",
        "constant_learning_rate: {learning_rate: 1}  # why\n",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_comments_and_layout_stay(name: str) -> None:
    filename, before, after = LAYOUTS[name]
    assert fixed(before, filename) == after
    assert fixed(after, filename) == after
    load_text(after, filename)


def load_text(text: str, name: str) -> Schedule:
    config = examine(Source(name, text))
    if config.schedule is None:
        raise ConfigError(config.diagnostics)
    return config.schedule


@pytest.mark.parametrize(
    "text",
    [
        # The value of an alias would change with its anchor, or be undefined.
        """\
manual_step_learning_rate:
  initial_learning_rate: &r 0.3
  schedule: [{step: 0, learning_rate: 0.1}, {step: 1000, learning_rate: 0.2}]
min_learning_rate: *r
""",
        """\
train_config:
  batch_size: &t 500
  num_steps: 100
  optimizer: {adam_optimizer: {learning_rate: {cosine_decay_learning_rate: {
    learning_rate_base: 1.0, total_steps: *t, warmup_steps: 0}}}}
""",
        # A text is not a comment.
        """\
train_config:
  optimizer: {adam_optimizer: {learning_rate: {constant_learning_rate: {learning_rate: 0.1}}}}
model:
  x: |
    # schedule-builder: ignore[SB402]
    more
  y: "a
    # schedule-builder: ignore-file[SB405]"
""",
    ],
)
def test_what_stands_elsewhere_stays(text: str) -> None:
    assert fixed(text, "a.yaml", unsafe=True) == text
    assert validate_text(text, "a.yaml")


def test_nothing_is_fixed_where_the_syntax_is_broken() -> None:
    text = "constant_learning_rate { learning_rate: 1 learning_rate: 2 learning_rat: 3"
    assert fixed(text, unsafe=True) == text
    assert fixed(text + "}", unsafe=True) != text + "}"


def test_a_byte_order_mark_stays() -> None:
    before = "\ufeff" + LAYOUTS["all on one line"][1]
    assert fixed(before) == "\ufeff" + LAYOUTS["all on one line"][2]


UNSAFE = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { cosine_decay_learning_rate {
    learning_rate_base: 0.1
    total_steps: 1000  # keep in step with num_steps
    warmup_learning_rate: 0.01
    warmup_steps: 5
  } } } }
}
"""


def test_a_misspelled_field_is_written_as_it_was_meant() -> None:
    text = "constant_learning_rate { learning_rat: 1 }"
    assert fixed(text) == text
    assert fixed(text, unsafe=True) == "constant_learning_rate { learning_rate: 1 }"
    text = '{"constant_learning_rate": {"learning_rat": 1}}'
    wanted = '{"constant_learning_rate": {"learning_rate": 1}}'
    assert fixed(text, "a.json", unsafe=True) == wanted


def test_unsafe_fixes_are_asked_for() -> None:
    assert fixed(UNSAFE) == UNSAFE
    assert fixed(UNSAFE, unsafe=True) == UNSAFE.replace("1000", "150")
    safe = [d.fix.safe for d in check(UNSAFE.encode(), "a.config").diagnostics if d.fix]
    assert safe == [False]


@pytest.mark.parametrize("code", sorted(KINDS))
def test_a_fix_of_a_bad_file_mends_it(code: str) -> None:
    (path,) = (FOLDER / code).glob("bad.*")
    data = path.read_bytes()
    before = check(data, path.name, REQUEST)
    new, count = fix(data, path.name, REQUEST, unsafe=True)
    fixes = {d.code for d in before.diagnostics if d.fix}
    after = {d.code for d in check(new, path.name, REQUEST).diagnostics}
    assert bool(fixes) == bool(count)
    assert not fixes & after
    assert fix(new, path.name, REQUEST, unsafe=True) == (new, 0)


RATES = st.sampled_from(["0.1", "0.01", "1e-3", "0.5"])


@st.composite
def manual_steps(draw: st.DrawFn) -> tuple[str, str, Schedule]:
    """A manual schedule with idle stages and perhaps a first step 0, in one of many layouts."""
    rates = draw(st.lists(RATES, min_size=2, max_size=6))
    first = draw(st.sampled_from([0, 3]))
    initial = draw(RATES)
    choose = random.Random(draw(st.integers(0, 2**16)))
    stages = [(first + 7 * index, rate) for index, rate in enumerate(rates)]
    levels = [*([(0, initial)] if first else []), *stages]
    meant: dict[str, object] = {
        "piecewise_constant_learning_rate": {
            "boundaries": [step - 1 for step, _ in levels[1:]],
            "values": [float(rate) for _, rate in levels],
        }
    }
    is_yaml = draw(st.booleans())
    if is_yaml:
        text = f"manual_step_learning_rate:\n  initial_learning_rate: {initial}  # i\n  schedule:\n"
        for step, rate in stages:
            text += choose.choice(
                [
                    f"    - {{step: {step}, learning_rate: {rate}}}  # c\n",
                    f"    - step: {step}\n      # d\n      learning_rate: {rate}\n",
                    f"    -   learning_rate: {rate}\n        step: {step}  # e\n",
                ]
            )
        return text, "a.yaml", schedule_of(meant)
    text = f"manual_step_learning_rate {{ initial_learning_rate: {initial}"
    for step, rate in stages:
        text += choose.choice([" ", "\n", "\n  ", "\r\n\t", " # f\n"])
        text += choose.choice(
            [
                f"schedule {{ step: {step} learning_rate: {rate} }}",
                f"schedule < step: {step}; # g\n learning_rate: {rate} >,",
                f"schedule: {{\n  learning_rate: {rate},\n  step: {step}\n}};  # h\n",
                f"schedule: [{{ step: {step} learning_rate: {rate} }}]",
            ]
        )
    return text + "\n}", "a.config", schedule_of(meant)


def schedule_of(config: dict[str, object]) -> Schedule:
    schedule = load(config).schedule
    assert schedule is not None
    return schedule


@given(manual_steps())
def test_a_safe_fix_keeps_the_schedule_that_was_meant(drawn: tuple[str, str, Schedule]) -> None:
    text, name, meant = drawn
    new = fixed(text, name)
    left = {d.code for d in check(new.encode(), name, REQUEST).diagnostics if d.fix}
    assert not left
    assert fixed(new, name) == new
    for comment in "cdefgh":
        assert new.count(f"# {comment}") == text.count(f"# {comment}")
    found = examine(Source(name, new))
    if found.schedule is not None:
        assert first_difference(found.schedule, meant) is None
    else:
        # All of its stages are alike: there is nothing to keep.
        assert {d.code for d in found.diagnostics if d.severity == "error"} == {"SB303"}


@needs_data
def test_real_configs() -> None:
    assert DATA is not None
    fixed = 0
    for path in sorted((DATA / "corpus").glob("*/*")):
        data = path.read_bytes()
        before = examine(Source(path.name, data.decode("utf-8", "replace")))
        new, count = fix(data, path.name, REQUEST, unsafe=False)
        if not count:
            assert new == data
            continue
        fixed += 1
        assert fix(new, path.name, REQUEST, unsafe=False) == (new, 0)
        after = examine(Source(path.name, new.decode()))
        assert after.schedule is not None, path.name
        if before.schedule is not None:
            assert first_difference(before.schedule, after.schedule) is None
    assert fixed > 30


@pytest.mark.parametrize(
    ("rate", "initial", "is_same"),
    [
        ("0.00006", "0.00006", False),
        ("6E-5", "6E-5", False),
        ("0.0002", "0.0002", True),
        ("0.000199999995", "0.0002", True),  # the same float32
    ],
)
def test_a_value_from_elsewhere_keeps_its_spelling(rate: str, initial: str, is_same: bool) -> None:
    text = (
        "manual_step_learning_rate {\n  initial_learning_rate: 0.0002\n"
        f"  schedule {{ step: 0 learning_rate: {rate} }}\n"
        "  schedule { step: 9 learning_rate: 0.00001 }\n}\n"
    )
    (finding,) = (d for d in validate_text(text, "a.config") if d.code == "SB303")
    assert ("already" in finding.message) == is_same
    fixed, _ = apply_fixes(text, [finding])
    assert f"initial_learning_rate: {initial}\n" in fixed


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.yaml", "{type: sgd, sgd, sgd: {momentum: 0.9}}", "{type: sgd, sgd: {momentum: 0.9}}"),
        ("a.yaml", "{type: sgd, sgd: , sgd: {momentum: 0.9}}", "{type: sgd, sgd: {momentum: 0.9}}"),
    ],
)
def test_an_empty_copy_keeps_its_comma(name: str, text: str, wanted: str) -> None:
    file = (
        "trainer:\n  train_steps: 9\n  optimizer_config:\n    optimizer: {}\n    learning_rate:"
        " {{type: constant, constant: {{learning_rate: 0.1}}}}\n"
    )
    assert fixed(file.format(text), name) == file.format(wanted)


@pytest.mark.parametrize("end", ["\rmin_learning_rate: 0.1\n", "\r\r\n"])
def test_a_comment_of_text_format_ends_at_a_line_feed(end: str) -> None:
    """A carriage return alone is a part of the comment, which the fix removes as a whole."""
    rate = "constant_learning_rate { learning_rate: 0.1 }"
    text = f"{rate} # schedule-builder: ignore[SB402]{end}"
    assert fixed(text, "a.config").rstrip() == rate


def test_a_fix_that_would_break_the_file_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from schedule_builder.rules import suppressions

    def breaking(text: str, comment: Span) -> Edit:
        return (
            Edit(0, 5, "") if "SB402" in text[comment.start : comment.end] else sound(text, comment)
        )

    sound = suppressions._whole
    monkeypatch.setattr(suppressions, "_whole", breaking)
    data = (
        b"constant_learning_rate {  # schedule-builder: ignore[SB402]\n"
        b"  learning_rate: 0.1  # schedule-builder: ignore[SB403]\n}\n"
    )
    refused: list[str] = []
    new, count = fix(data, "a.config", REQUEST, unsafe=False, refused=refused)
    assert (new, count) == (data.replace(b"  # schedule-builder: ignore[SB403]", b""), 1)
    (sentence,) = refused
    assert sentence.startswith("a.config:1:54: warning[SB901] unused suppression: SB402")
    assert ". Not fixed: the new text would have this error: " in sentence
