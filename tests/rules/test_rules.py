"""Every rule: a file that it is about and one that it is not, and what independent analyses found.

A bad file says itself, in comments, what is found in it: `# expect: ROW:COLUMN CODE`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st

from schedule_builder import ConfigError, build_optimizer, load, validate_text
from schedule_builder.cli.app import main
from schedule_builder.compiler import examine, examine_bytes
from schedule_builder.diagnostics import Source
from schedule_builder.frameworks.variable_factors import check_paths
from schedule_builder.rules import pages
from schedule_builder.rules.pages import KINDS, NAMES, similar
from schedule_builder.workspace.checker import check
from schedule_builder.workspace.fixes import fix
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings
from tests.support.data import DATA, needs_data
from tests.support.drawing import configs

FOLDER = Path(__file__).parent.parent / "rule_cases"
CODES = sorted(KINDS)
_EXPECTED = re.compile(rb"^# expect: (\d+:\d+ SB\d+)$", re.MULTILINE)


def _file(code: str, name: str) -> Path:
    (path,) = (FOLDER / code).glob(f"{name}.*")
    return path


def check_variables(path: Path) -> None:
    config = load(path)
    rates = config.dialect.variable_rates(config.message)
    check_paths(rates, ["backbone/conv/kernel", "head/kernel", "head/bias"], config)


BUILT: dict[str, Callable[[Path], Any]] = {"SB315": build_optimizer, "SB319": check_variables}
"""What finds the kinds that the validator cannot find."""


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def _found(path: Path) -> list[str]:
        monkeypatch.chdir(path.parent)
        return _validated(path, capsys)

    return _found


def _validated(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    if path.parent.name in BUILT:
        try:
            BUILT[path.parent.name](path)
        except ConfigError as error:
            return [f"{d.row}:{d.column} {d.code}" for d in error.diagnostics]
        return []
    main(["validate", "--format", "json", path.name])
    findings = json.loads(capsys.readouterr().out)
    return [f"{f['location']['row']}:{f['location']['column']} {f['code']}" for f in findings]


@pytest.mark.parametrize("code", CODES)
def test_a_bad_file(code: str, found: Any) -> None:
    path = _file(code, "bad")
    expected = [match.decode() for match in _EXPECTED.findall(path.read_bytes())]
    assert found(path) == expected
    assert code in {line.split()[1] for line in expected}


@pytest.mark.parametrize("code", CODES)
def test_a_good_file(code: str, found: Any) -> None:
    assert found(_file(code, "good")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["SB418"]),
        ("bogus: 1", ["SB418", "SB201"]),
        ("batch_queue_capacity: x", ["SB418", "SB203"]),
        ("batch_size: x", ["SB418", "SB203"]),
        ("num_steps: x", ["SB203"]),
        ("optimizer { adam_optimizer {} }", ["SB202"]),
        ("optimizer { bogus: 1 }", ["SB202"]),
    ],
)
def test_errors_elsewhere_hide_nothing_that_is_certain(text: str, found: list[str]) -> None:
    steps = "" if text.startswith("num_steps") else "num_steps: 9\n"
    config = f"""train_config {{ {steps} optimizer {{ momentum_optimizer {{ learning_rate {{
    manual_step_learning_rate {{ initial_learning_rate: 0.1
      schedule {{ step: 10 learning_rate: 0.01 }} }} }} }} }}
    {text} }}"""
    assert [d.code for d in validate_text(config, "a.config")] == found


def test_every_folder_is_a_rule_s() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.is_dir()) == CODES


def test_no_code_is_given_twice() -> None:
    assert sorted(kind.code for kind in pages._kinds()) == CODES


def test_a_page_loses_the_indentation_of_its_docstring() -> None:
    wanted = "Title.\n\nText.\n\n    example"
    assert pages._dedented("Title.\n\n    Text.\n\n        example\n    ") == wanted
    # Python 3.13 has done so before.
    assert pages._dedented("Title.\n\nText.\n\n    example\n") == wanted
    assert pages._dedented("Title.\n\nText.\n\nEnd.") == "Title.\n\nText.\n\nEnd."


def test_codes_and_names_are_kept() -> None:
    """A code that is out there never gets another name."""
    assert len(NAMES) == len(KINDS)
    assert {code: KINDS[code].name for code in ("SB204", "SB303", "SB402", "SB404")} == {
        "SB204": "out-of-range",
        "SB303": "first-step-zero",
        "SB402": "stage-not-reached",
        "SB404": "ends-early",
    }


WITHOUT_EXAMPLE = {"SB101", "SB104", "SB315", "SB903"}
"""Rules about what no few lines show; their pages say in words what to do."""


@pytest.mark.parametrize("code", CODES)
def test_the_manual(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = KINDS[code]
    assert kind.title.endswith((".", ":"))
    assert len(kind.page.splitlines()) > 1
    # Prose ends in a full stop, and what does not is an example.
    paragraphs = [p for p in kind.page.split("\n\n") if not p.startswith("    ")]
    assert all(p.endswith((".", ":")) and "\n    " not in p for p in paragraphs)
    # An example is found; the one after "Use instead:" is not.
    examples = re.split(r"\n\nUse instead:\n\n(?=    )", kind.page)
    assert len(examples) == (1 if code in WITHOUT_EXAMPLE else 2)
    assert code in WITHOUT_EXAMPLE or examples[0].rpartition("\n\n")[2].startswith("    ")
    assert main(["rules", code]) == 0
    assert capsys.readouterr().out.startswith(f"{code} {kind.name} ({kind.severity})\n\n")
    assert main(["rules", kind.name]) == 0


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(KINDS)
    assert main(["rules", "SB999"]) == 2


# --- what rules say of schedules that are not simple decays ------------------------------------

END = {"require-end-at-num-steps": True}
WARMUP = {"require-warmup": True}
COSINE = (
    "cosine_decay_learning_rate {{ learning_rate_base: 0.2 total_steps: {} warmup_steps: 0"
    " warmup_learning_rate: 0 }}"
)
COMBINED = (
    "combined_learning_rate {{ op: {} learning_rates {{ constant_learning_rate {{ learning_rate:"
    " 0.1 }} }} learning_rates {{ {} }} }}"
)
RAMP = "constant_learning_rate {{ learning_rate: 0.1 }} warmup {{ warmup_steps: {} {} }}"
STAIRS = "exponential_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: {} {} }}"
ONE_CYCLE = "one_cycle_learning_rate {{ max_learning_rate: 0.1 total_steps: {} }}"
STAGES = "piecewise_constant_learning_rate {{ boundaries: {} values: {} }}"
RISE = (
    "manual_step_learning_rate {{ initial_learning_rate: 0.003 schedule {{ step: {}"
    " learning_rate: 0.1 }} }}"
)
POLYNOMIAL = "polynomial_decay_learning_rate {{ initial_learning_rate: 0.1 decay_steps: {} {} }}"
JUDGED: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    # A warmup that ends is not a decay, and a kind of its own is one.
    (RAMP.format(100, ""), END, {}),
    (RAMP.format(100, "warmup_learning_rate: 0.5"), END, {"SB410": "from 0.5 at step 0 to 0.1"}),
    (ONE_CYCLE.format(1000), WARMUP | END, {}),
    (RISE.format(50), WARMUP, {}),
    (RISE.format(100), {}, {"SB408": "too late for a warmup"}),
    (ONE_CYCLE.format(800), END, {"SB503": "ends at step 799"}),
    (STAGES.format("[100]", "[0.1, 0.01]"), WARMUP, {"SB502": "missing warmup"}),
    (
        "power_decay_learning_rate { learning_rate_base: 0.1 total_steps: 500"
        " linear_tail_fraction: 0.5 }",
        END,
        {"SB503": "ends at step 500"},
    ),
    (COMBINED.format("PRODUCT", COSINE.format(900)), END, {"SB503": "ends at step 900"}),
    # Rates are those of the whole schedule.
    (
        COMBINED.format("MAX", COSINE.format(500)),
        {},
        {"SB404": "500 of 1000 steps train at rate 0.1"},
    ),
    (
        COMBINED.format("MIN", COSINE.format(9000)),
        {},
        {"SB418": "first changes at step 4501"},
    ),
    (COMBINED.format("PRODUCT", COSINE.format(2000)), {}, {"SB403": "the rate is 0.0100157"}),
    (
        "power_decay_learning_rate { learning_rate_base: 0.1 total_steps: 50000"
        " linear_tail_fraction: 0.1 }",
        {},
        {"SB403": "at step 45000, and training ends after 1000 steps. The rate is 0.00316386"},
    ),
    # What rises, rises, and what restarts does not decay to that.
    (ONE_CYCLE.format(10000), {}, {"SB403": "the rise ends at step 3000"}),
    (
        RAMP.format(2000, "shape: CONSTANT warmup_learning_rate: 0.01"),
        {},
        {"SB407": "does not change. It is 0.01 at the last step, and never reaches 0.1"},
    ),
    (
        RAMP.format(2000, "warmup_learning_rate: 0.5"),
        {},
        {
            "SB407": "falls all the time. It is 0.3002 at the last step, and never reaches 0.1",
            "SB410": "lowers the rate",
        },
    ),
    (
        "cosine_restarts_learning_rate { initial_learning_rate: 0.1 first_decay_steps: 100000 }",
        {},
        {"SB403": "instead of almost 0"},
    ),
    (
        f"sequential_learning_rate {{ stage {{ learning_rate {{ {RAMP.format(5000, '')} }} }} }}",
        {},
        {"SB403": "the rise ends at step 5000"},
    ),
    # Floors and what no float holds.
    (STAIRS.format(10, "decay_factor: 0.5 min_learning_rate: 0.01"), {}, {"SB404": "at step 40,"}),
    (STAIRS.format(300, "decay_factor: 0.1 min_learning_rate: 0.0001"), {}, {}),
    (
        COSINE.format(1000) + " min_learning_rate: 0.1",
        {},
        {"SB404": "0.1 at step 500, and training ends at 1000: the last 500 of 1000 steps"},
    ),
    (COSINE.format(1000) + " min_learning_rate: 0.001", {}, {}),
    (STAIRS.format(1, "decay_factor: 0.1"), {}, {"SB404": "the rate falls to 0 at step 323"}),
    # Cycles that do not end.
    (POLYNOMIAL.format(5000, "cycle: true"), {}, {"SB403": "the first cycle ends at step 5000"}),
    (POLYNOMIAL.format(500, "cycle: true"), {}, {}),
    (
        "cyclic_learning_rate { base_learning_rate: 0.1 max_learning_rate: 1 step_size_up: 5000 }",
        {},
        {"SB403": "is 0.27982 at the last step, and never reaches 1"},
    ),
    # What comes back has not ended at its floor.
    (
        "cyclic_learning_rate { base_learning_rate: 0.001 max_learning_rate: 0.1 step_size_up: 100"
        " mode: TRIANGULAR2 } min_learning_rate: 0.02",
        {},
        {},
    ),
    (
        "cosine_restarts_learning_rate { initial_learning_rate: 0.1 first_decay_steps: 100"
        " t_mul: 1 m_mul: 0.7 } min_learning_rate: 0.02",
        {},
        {},
    ),
    (POLYNOMIAL.format(30, "cycle: true") + " min_learning_rate: 0.02", {}, {}),
    # The highest rate is that of the second restart, or where two curves cross.
    (
        "cosine_restarts_learning_rate { initial_learning_rate: 0.05 first_decay_steps: 304"
        " t_mul: 1 m_mul: 0.9 } warmup { warmup_steps: 106 }",
        {"max-learning-rate": 0.04},
        {"SB501": "0.045 at step 304"},
    ),
    (
        "combined_learning_rate { op: MIN learning_rates { cyclic_learning_rate {"
        " base_learning_rate: 0.001 max_learning_rate: 0.1 step_size_up: 157 step_size_down: 96 } }"
        " learning_rates { polynomial_decay_learning_rate { initial_learning_rate: 0.1"
        " decay_steps: 180 power: 2 } } } min_learning_rate: 0.003",
        {"max-learning-rate": 0.04},
        {"SB501": "0.0413567 at step 64", "SB404": "the last 851 of 1000 steps"},
    ),
    # A cycle of no height does not fail to rise, and one without end is told once.
    (
        "cyclic_learning_rate { base_learning_rate: 0.1 max_learning_rate: 0.1"
        " step_size_up: 2000 }",
        {},
        {},
    ),
    (
        "cyclic_learning_rate { base_learning_rate: 0.01 max_learning_rate: 0.1"
        " step_size_up: 9223372036854775807 }",
        {},
        {"SB403": "the rise ends at step 9223372036854775807"},
    ),
    # Values that change nothing.
    (STAGES.format("[10, 100]", "[0.1, 0.1, 0.01]"), {}, {"SB414": "at boundary 10"}),
    (
        "multi_step_learning_rate { initial_learning_rate: 0.1 milestones: [10] decay_factor: 1 }",
        {},
        {"SB414": "`decay_factor` is 1"},
    ),
    (
        POLYNOMIAL.format(5000, "end_learning_rate: 0.1"),
        {},
        {"SB414": "`end_learning_rate` (0.1) equals `initial_learning_rate`"},
    ),
    (
        "manual_step_learning_rate { initial_learning_rate: 0.01 schedule { step: 500"
        " learning_rate: 0.1 } warmup: true } warmup { warmup_steps: 9 warmup_learning_rate: 1 }",
        {},
        {"SB407": "500 of 1000 steps", "SB410": "from 1 at step 0 to 0.01162 at step 9"},
    ),
    # A rise late in the run is not a warmup.
    (RISE.format(900), {}, {"SB408": "jumps up at step 900, from 0.003 to 0.1"}),
    (STAIRS.format(10, "burnin_learning_rate: 0.5 burnin_steps: 9"), {}, {"SB410": "is above"}),
]


@pytest.mark.parametrize(("text", "policy", "wanted"), JUDGED)
def test_what_is_said(text: str, policy: dict[str, Any], wanted: dict[str, str]) -> None:
    pipeline = (
        "train_config { num_steps: 1000 optimizer { momentum_optimizer { learning_rate {"
        f" {text} }} }} }} }}"
    )
    config = examine(Source("a.config", pipeline), settings=Settings(policy=policy))
    assert config.schedule is not None or policy
    found = {d.code: d.message for d in config.diagnostics if d.code != "SB409"}
    assert found.keys() == wanted.keys(), found
    for code, words in wanted.items():
        assert words in found[code]


@given(configs, st.integers(1, 2**20) | st.integers(1, 2**40))
def test_any_schedule_is_judged(message: Any, num_steps: int) -> None:
    source = Source("a.config", text_format.MessageToString(message))
    policy = WARMUP | END | {"max-learning-rate": 0.5}
    for settings in (None, Settings(policy=policy)):
        found = examine(source, num_steps=num_steps, settings=settings)
        # Steps that no drawn config is made for may have rates that are none.
        assert settings or found.schedule or "SB309" in {d.code for d in found.diagnostics}
        assert all("nan" not in d.message or d.code == "SB309" for d in found.diagnostics)


def test_a_cycle_is_aligned_to_its_last_update() -> None:
    text = (
        "train_config { num_steps: 1000 optimizer { momentum_optimizer { learning_rate {"
        f" {ONE_CYCLE.format(500)} }} }} }} }}"
    )
    data, _ = fix(text.encode(), "a.config", Request(settings=Settings()), unsafe=True)
    assert b"total_steps: 1000 " in data


# --- what an independent analysis found in real configs ---------------------------------------

WORDS = {
    "rate is the same at every step of the run": ("SB418",),
    "exponential: first decay at or after num_steps": ("SB401", "SB418"),
    "manual: no stage is reached": ("SB418",),
    "manual: a stage is not reached": ("SB402", "SB418"),
    "no num_steps": ("SB405",),
    "a rate is 0": ("SB413",),
    "a default is in force: cosine.warmup_learning_rate": ("SB409",),
    "first step is 0 (error)": ("SB303",),
    "no optimizer (error)": ("SB301",),
    "steps not increasing (error)": ("SB304",),
}
FIELDS = {
    "SB301": r"train_config|model",
    "SB303": r"step\s*:\s*0",
    "SB304": r"step\s*:",
    "SB401": r"decay_steps|exponential_decay_learning_rate",
    "SB402": r"step\s*:",
    "SB403": r"total_steps|cosine_decay_learning_rate",
    "SB405": r"train_config|num_steps",
    "SB409": r"_learning_rate",
    "SB413": r"learning_rate\s*:\s*0?\.?0",
    "SB418": r"step\s*:|decay_steps|exponential_decay_learning_rate",
}
"""What stands in the line that a finding is reported at."""
ENTRIES: list[dict[str, Any]] = (
    json.loads((DATA / "golden" / "findings.json").read_text()) if DATA else []
)


@needs_data
def test_real_configs() -> None:
    assert DATA is not None
    beyond: Counter[str] = Counter()
    for entry in ENTRIES:
        folder = "od_api" if entry["class"] == "official" else "wild"
        path = DATA / "corpus" / folder / entry["file"]
        data = path.read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
        found = examine_bytes(data, path.name).diagnostics
        wanted: set[str] = set()
        for words in entry["refused"] + entry["run_length"]:
            matching = [d for d in found if d.code in WORDS[words]]
            assert matching, (path.name, words)
            wanted.update(WORDS[words])
        for diagnostic in found:
            if diagnostic.code in wanted:
                line = lines[diagnostic.row - 1]
                assert re.search(FIELDS[diagnostic.code], line), (path.name, str(diagnostic), line)
            else:
                beyond[diagnostic.code] += 1
    # Beyond the analysis, which speaks of no warmups: two that take 25 % and 99 % of their run;
    # files that its parser refuses: three whose model has an extension, and that have no
    # `num_steps`, and two with the rest of another file after their end.
    assert beyond.pop("SB407") == 2
    assert beyond.pop("SB405") == 3
    assert set(beyond) <= {"SB102", "SB201"}


@needs_data
def test_no_warning_on_a_config_is_said_twice() -> None:
    assert DATA is not None
    for path in sorted((DATA / "corpus").glob("*/*")):
        found = check(path.read_bytes(), str(path)).diagnostics
        assert len({(d.row, d.column, d.code) for d in found}) == len(found), path.name


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("SB4O2", "SB402"),
        ("sb-402", "SB402"),
        ("402", "SB402"),
        ("stage-not-reachd", "stage-not-reached"),
        # Another number is another rule.
        ("SB999", None),
        ("SB411", None),
        ("SB4", None),
        ("nonsense", None),
    ],
)
def test_only_a_misspelt_rule_is_like_another(word: str, meant: str | None) -> None:
    assert similar(word) == meant
