"""The command line, as a real process."""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format

from schedule_builder import build_schedule, load
from schedule_builder.cli import main
from schedule_builder.v1 import learning_rate_pb2, pipeline_pb2

ROOT = Path(__file__).parent.parent.parent
GOOD = ROOT / "configs" / "digits.config"
IMPLEMENTATION = "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"
FAST = {name: value for name, value in os.environ.items() if name != IMPLEMENTATION}
"""What is loaded is counted with protobuf's implementation in C, the one that is installed."""
HEAVY = {"tensorflow", "keras", "numpy", "jax", "torch", "matplotlib", "pygls", "pathspec"}
NOT_FOR_EVERY_RUN = {
    "concurrent.futures",
    "csv",
    "dataclasses",
    "difflib",
    "google.protobuf.text_format",
    "importlib.metadata",
    "inspect",
    "json",
    "pickle",
    "shutil",
    "subprocess",
    "tomllib",
    "xml",
    "schedule_builder.editing",
    "schedule_builder.frameworks",
    "schedule_builder.language_server",
    "schedule_builder.reading.edits",
    "schedule_builder.rules.pages",
    "schedule_builder.schedules.comparison",
}
OUTER = {
    *("cli", "cli.app", "cli.common", "cli.validate"),
    *("output", "output.findings", "output.streams", "output.text"),
    *("workspace", "workspace.checker", "workspace.contents", "workspace.discovery"),
    *("workspace.request", "workspace.settings"),
}
"""The modules of the outer rooms that `validate FILE` needs."""


def run(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "schedule_builder", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        **options,
    )


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.config"
    path.write_text("constant_learning_rate {\n  learning_rate: -1\n  learning_rat: 2\n}\n")
    return path


def test_good_files_exit_0() -> None:
    result = run("validate", GOOD, GOOD.with_suffix(".yaml"))
    assert (result.returncode, result.stdout, result.stderr) == (0, "2 files: no findings.\n", "")


def test_errors_exit_1_and_say_where(bad: Path) -> None:
    result = run("validate", GOOD, bad)
    assert result.returncode == 1
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"{bad}:2:18: error[SB204] `learning_rate` is -1: it must be at least 0",
        f"{bad}:3:3: error[SB201] `constant_learning_rate` has no field `learning_rat`:"
        " did you mean `learning_rate`?",
        "Found 2 errors in 1 of 2 files.",
    ]


def test_json_is_one_array(bad: Path) -> None:
    result = run("validate", "--format", "json", bad, GOOD)
    assert result.returncode == 1
    first, second = json.loads(result.stdout)
    assert first == {
        "filename": str(bad),
        "location": {"row": 2, "column": 18},
        "end_location": {"row": 2, "column": 20},
        "code": "SB204",
        "name": "out-of-range",
        "severity": "error",
        "message": "`learning_rate` is -1: it must be at least 0",
        "related": [],
        "path": "constant_learning_rate.learning_rate",
        "repository_path": str(bad),
        "fix": None,
    }
    assert second["code"] == "SB201"
    assert json.loads(run("validate", "--format", "json", GOOD).stdout) == []


def test_a_missing_file_exits_2_and_the_others_are_checked(bad: Path, tmp_path: Path) -> None:
    result = run("validate", tmp_path / "missing.config", bad)
    assert result.returncode == 2
    assert "missing.config: No such file or directory" in result.stderr
    assert "SB204" in result.stdout
    assert run("show", tmp_path / "missing.config").returncode == 2


def test_a_folder_without_configs_exits_2(tmp_path: Path) -> None:
    result = run("validate", tmp_path)
    assert result.returncode == 2
    assert "found no configs" in result.stderr


def test_no_permission_exits_2() -> None:
    if os.geteuid() == 0:
        # Root may read everything: the process gives that up, after a run that imported all.
        program = (
            "import os, sys; from schedule_builder import cli;"
            " cli.main(['validate', '--format', 'json', sys.argv.pop(1)]); os.setuid(65534);"
            " print(); sys.exit(cli.main(sys.argv[1:]))"
        )
        command = [sys.executable, "-c", program, str(GOOD)]
    else:
        command = [sys.executable, "-m", "schedule_builder"]
    with tempfile.NamedTemporaryFile(suffix=".config") as file:
        Path(file.name).chmod(0)
        result = subprocess.run(
            [*command, "validate", file.name], check=False, capture_output=True, text=True
        )
    assert result.returncode == 2
    assert not result.stdout.removeprefix("[]").strip()
    assert "Permission denied" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["validate", "--num-steps", "0", "x"],
        ["frobnicate"],
        ["validate", "--format", "nope", "x"],
        ["show", "x", "--steps", "1,-2"],
        ["show", "x", "--steps", "0:10:0"],
        ["show", "x", "--steps", "0:99999999999"],
        ["show", "x", "--steps", str(2**63)],
    ],
)
def test_a_wrong_call_exits_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "For usage, run: schedule-builder" in result.stderr
    assert "Traceback" not in result.stderr


def test_show_in_words_and_numbers() -> None:
    result = run("show", GOOD, "--steps", "0,59:61,599")
    assert result.returncode == 0
    schedule = build_schedule(GOOD)
    for line in str(schedule).splitlines():
        assert f"  {line}\n" in result.stdout
    table = result.stdout.split("learning rate\n")[1].split()
    assert table[0::2] == ["0", "59", "60", "599"]
    assert [float(rate) for rate in table[1::2]] == pytest.approx(
        [schedule(step) for step in (0, 59, 60, 599)], rel=1e-8
    )


def test_show_as_json_and_csv() -> None:
    schedule = build_schedule(GOOD)
    data = json.loads(run("show", GOOD, "--steps", "0,1,599", "--format", "json").stdout)
    assert data["filename"] == str(GOOD)
    assert data["num_steps"] == 600
    assert data["steps"] == [0, 1, 599]
    assert data["learning_rates"] == [schedule(0), schedule(1), schedule(599)]
    assert [s["begin"] for s in data["segments"]] == schedule.begins
    rows = run("show", GOOD, "--steps", "0:3", "--format", "csv").stdout.splitlines()
    assert rows == ["step,learning_rate", *(f"{t},{schedule(t)!r}" for t in range(3))]


def test_a_long_schedule_is_shown_in_short(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(f"table_learning_rate: {{learning_rates: {[0.5 / i for i in range(1, 2000)]}}}")
    lines = run("show", path).stdout.splitlines()
    assert len(lines) < 200
    assert "  ... 1959 more segments ..." in lines
    assert len(json.loads(run("show", path, "--format", "json").stdout)["segments"]) == 1999


def test_what_lies_beyond_the_run_is_told_in_short() -> None:
    lines = run("show", ROOT / "configs" / "sgdr_cosine_restarts.config").stdout.splitlines()
    assert lines[4].endswith("half a cosine from 0.05 to 0 over 31280 steps")
    assert lines[5].startswith("  steps 58650..121209  ")
    assert lines[6] == "  ... 47 more beyond the run ..."


def test_show_takes_standard_input_and_settings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schedule_builder", "show", "-"]
    text = "train_config { optimizer { adam_optimizer { learning_rate {\n"
    text += "  cosine_decay_learning_rate { total_steps: 9 warmup_steps: 0 } } } } }\n"
    settings = tmp_path / "pyproject.toml"
    for written, code, said in (
        ("num-steps = 77", 0, "<stdin> (77 steps)"),
        ("num-steps = 0", 2, "above 0"),
    ):
        settings.write_text(f"[tool.schedule-builder]\n{written}\n")
        result = subprocess.run(
            command, input=text, check=False, capture_output=True, text=True, cwd=tmp_path
        )
        assert result.returncode == code
        assert said in result.stdout + result.stderr
        assert "Traceback" not in result.stderr


def test_resolved_of_yaml_is_yaml(tmp_path: Path) -> None:
    path = ROOT / "configs" / "garden" / "resnet50_cosine.yaml"
    again = tmp_path / "again.yaml"
    again.write_text(run("show", path, "--resolved").stdout)
    assert "        alpha: 0.0  # default\n" in again.read_text()
    assert build_schedule(again) == build_schedule(path)


def test_show_refuses_a_bad_config(bad: Path) -> None:
    result = run("show", bad)
    assert (result.returncode, result.stdout) == (1, "")
    assert "SB204" in result.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.config")), ids=lambda p: p.name)
def test_resolved_is_the_same_config_with_every_default(path: Path) -> None:
    text = run("show", path, "--resolved").stdout
    config = load(path)
    again = text_format.Parse(text, type(config.message)())
    assert build_schedule(again) == config.schedule
    defaults = re.findall(r"(\w+): .*  # default", text)
    if isinstance(config.message, learning_rate_pb2.LearningRate):
        assert "min_learning_rate" in defaults
        return
    assert "keep_checkpoint_every_n_hours" in defaults
    assert not {"num_steps", "batch_size"} & set(defaults)
    fields = {f.name for f in pipeline_pb2.TrainConfig.DESCRIPTOR.fields}
    hidden = {"data_augmentation_options", "freeze_variables", "update_trainable_variables"}
    assert fields - hidden <= set(re.findall(r"(\w+)(?:: | \{)", text))


def test_resolved_marks_defaults_only(tmp_path: Path) -> None:
    path = tmp_path / "rate.config"
    path.write_text("cosine_decay_learning_rate { total_steps: 20000 }")
    assert run("show", path, "--resolved").stdout.splitlines() == [
        "cosine_decay_learning_rate {",
        "  learning_rate_base: 0.002  # default",
        "  total_steps: 20000",
        "  warmup_learning_rate: 0.0002  # default",
        "  warmup_steps: 10000  # default",
        "  hold_base_rate_steps: 0  # default",
        "}",
        "min_learning_rate: 0.0  # default",
        "step_unit: STEPS  # default",
    ]


def loaded(*arguments: object) -> set[str]:
    """The modules that a run of the command line imports."""
    program = (
        "import sys; from schedule_builder.cli import main; code = main(sys.argv[1:]);"
        " print(code, *sys.modules, file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        env=FAST,
    )
    code, *modules = result.stderr.split()
    assert code == "0"
    return set(modules)


FORMATS = pytest.mark.parametrize(
    ("path", "packages"),
    [
        (GOOD, {"google"}),
        (GOOD.with_suffix(".yaml"), {"google", "yaml"}),
        (ROOT / "configs" / "garden" / "resnet50_cosine.yaml", {"google", "yaml"}),
    ],
    ids=["text", "yaml", "experiment"],
)


@FORMATS
def test_what_validate_imports(path: Path, packages: set[str]) -> None:
    modules = loaded("validate", "--isolated", path)
    assert not (HEAVY | NOT_FOR_EVERY_RUN) & modules
    rooms = ("cli", "output", "workspace")
    own = {m.removeprefix("schedule_builder.") for m in modules if "schedule_builder." in m}
    assert {m for m in own if m.partition(".")[0] in rooms} == OUTER
    outside = {m.partition(".")[0] for m in modules} - set(sys.stdlib_module_names)
    assert {p for p in outside if not p.startswith("_")} >= packages
    assert ("yaml" in outside) == ("yaml" in packages)
    assert f"schedule_builder.reading.{'yaml' if 'yaml' in packages else 'text'}_format" in modules
    assert f"reading.{'text' if 'yaml' in packages else 'yaml'}_format" not in own


@pytest.mark.parametrize("path", [GOOD, GOOD.with_suffix(".yaml")], ids=["text", "yaml"])
def test_what_validate_makes_at_import(path: Path) -> None:
    """Compiling a pattern costs time in every run, so only those that every run uses are made."""
    program = """
import re, sys
from schedule_builder.cli import main
code = main(["validate", "--isolated", sys.argv[1]])
for name, module in list(sys.modules.items()):
    for key, value in vars(module).items() if name.startswith("schedule_builder.") else ():
        if isinstance(value, re.Pattern):
            print(f"{name}.{key}", file=sys.stderr)
sys.exit(code)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env=FAST,
    )
    patterns = result.stderr.split()
    assert len(patterns) <= 18, patterns


LAZY = [
    path
    for path in sorted((ROOT / "schedule_builder").rglob("*.py"))
    if "__lazy_modules__" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", LAZY, ids=lambda path: path.name)
def test_lazy_modules_are_not_used_at_import(path: Path) -> None:
    """Python 3.15 puts off the imports that a module lists, until something uses them."""
    body = ast.parse(path.read_text("utf-8")).body
    lists = [
        ast.literal_eval(node.value)
        for node in body[:3]
        if isinstance(node, ast.AnnAssign)
        and node.value is not None
        and ast.unparse(node.target) == "__lazy_modules__"
    ]
    assert len(lists) == 1, "the list has to stand before the imports"
    imports = [n for n in body if isinstance(n, ast.ImportFrom) and n.module in lists[0]]
    assert {node.module for node in imports} == set(lists[0])
    names = {alias.asname or alias.name for node in imports for alias in node.names}
    pending: list[ast.AST] = [node for node in body if node not in imports]
    for node in pending:
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue  # Its annotations are texts.
        if isinstance(node, ast.AnnAssign):
            pending += [node.value] if node.value else []
            continue
        assert not (isinstance(node, ast.Name) and node.id in names), ast.unparse(node)
        pending += ast.iter_child_nodes(node)


def test_protobufs_implementation_in_python_is_imported_where_it_is_used() -> None:
    assert run("validate", GOOD, env={**os.environ, IMPLEMENTATION: "python"}).returncode == 0
    assert "google.protobuf.internal.decoder" not in loaded("validate", GOOD)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_call_from_python_leaves_the_collector_as_it_is(
    is_enabled: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    was_enabled = gc.isenabled()
    try:
        (gc.enable if is_enabled else gc.disable)()
        frozen = gc.get_freeze_count()
        assert main(["validate", str(GOOD)]) == 0
        assert (gc.isenabled(), gc.get_freeze_count()) == (is_enabled, frozen)
    finally:
        (gc.enable if was_enabled else gc.disable)()
    assert capsys.readouterr().out == "1 file: no findings.\n"


@FORMATS
def test_what_show_imports(path: Path, packages: set[str]) -> None:
    modules = loaded("show", path)
    assert not (HEAVY | (NOT_FOR_EVERY_RUN - {"csv", "json", "tomllib"})) & modules
    assert ("yaml" in modules) == ("yaml" in packages)


def test_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    path = tmp_path / "odd.config"
    path.write_text(
        "learning_r\N{LATIN SMALL LETTER A WITH ACUTE}te: \N{LEFT DOUBLE QUOTATION MARK}", "utf-8"
    )
    result = run("validate", path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 1
    assert "Traceback" not in result.stderr


def test_a_reader_that_goes_away() -> None:
    command = f"{sys.executable} -m schedule_builder show {GOOD} --steps 0:200000 | head -1"
    result = subprocess.run(
        command, shell=True, check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr


def test_version() -> None:
    result = run("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"schedule-builder \d+\.\d+\.\d+(\.dev\d+)?\n", result.stdout)


def test_plot(tmp_path: Path, bad: Path) -> None:
    for suffix, begin in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        picture = tmp_path / f"rate{suffix}"
        result = run("plot", GOOD, "--output", picture)
        assert (result.returncode, result.stdout) == (0, ""), result.stderr
        assert picture.read_bytes().startswith(begin)
    # The length of the run: the file's, the one that is given, or a little more than the schedule.
    drawn = (tmp_path / "rate.svg").read_bytes()
    run("plot", GOOD, "--set", "train_config.num_steps=5000", "--output", tmp_path / "rate.svg")
    assert (tmp_path / "rate.svg").read_bytes() != drawn
    assert run("plot", bad, "--output", tmp_path / "bad.svg").returncode == 1
    assert not (tmp_path / "bad.svg").exists()
    assert run("plot", tmp_path / "missing").returncode == 2
    for target, said in (
        (tmp_path / "no" / "rate.svg", "schedule-builder: cannot write {}: "),
        (tmp_path / "rate.txt2", "schedule-builder plot: `--output {}`: Format 'txt2' is not"),
    ):
        result = run("plot", GOOD, "--output", target)
        assert result.returncode == 2
        assert result.stderr.startswith(said.format(target))
        assert "Traceback" not in result.stderr
