"""Custom kinds: a package is installed and used as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schedule_builder import lowers, validate_text
from schedule_builder.v1 import learning_rate_pb2

ROOT = Path(__file__).parent.parent.parent
PLUGIN = Path(__file__).parent.parent / "plugin"
TEXT = """\
custom {
  [type.googleapis.com/acme.schedules.Sawtooth] {
    max_learning_rate: 0.1 min_learning_rate: 0.02 period_steps: 8 teeth: 2
  }
}
warmup { warmup_steps: 2 }
"""
YAML = """\
custom:
  "@type": type.googleapis.com/acme.schedules.Sawtooth
  max_learning_rate: 0.1
  min_learning_rate: 0.02
  period_steps: 8
  teeth: 2
warmup: {warmup_steps: 2}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed in it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "--target", str(folder), str(PLUGIN)],
        check=True,
        capture_output=True,
    )
    return folder


def run(installed: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "schedule_builder", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(installed)},
    )


@pytest.mark.parametrize(("text", "suffix"), [(TEXT, ".config"), (YAML, ".yaml")])
def test_a_kind_of_ones_own(installed: Path, tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"sawtooth{suffix}"
    path.write_text(text)
    steps = "0,1,2,7,8,9,15,16,17,1000"
    result = run(installed, "show", path, "--steps", steps, "--format", "json")
    assert result.returncode == 0, result.stderr
    # The warmup leads to the rate of step 2, which is 0.08.
    wanted = [0.0, 0.04, 0.08, 0.03, 0.1, 0.09, 0.03, 0.02, 0.02, 0.02]
    assert json.loads(result.stdout)["learning_rates"] == pytest.approx(wanted)


def test_its_marked_fields_follow_the_unit(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "sawtooth.config"
    path.write_text(f"{TEXT}step_unit: PERCENT_OF_RUN\n")
    result = run(installed, "show", path, "--num-steps", 150, "--steps", 0, "--format", "json")
    assert result.returncode == 0, result.stderr
    # 8 and 2 percent of 150 are 12 and 3 steps; the number of teeth is not a length.
    begins = [segment["begin"] for segment in json.loads(result.stdout)["segments"]]
    assert begins == [0, 3, 12, 24]
    resolved = run(installed, "show", path, "--num-steps", 150, "--resolved").stdout
    assert "period_steps: 12\n" in resolved
    assert "teeth: 2\n" in resolved
    assert "step_unit: STEPS  # default\n" in resolved


def test_its_fields_are_checked_at_their_places(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.config"
    path.write_text(TEXT.replace("teeth: 2", "teeth: 0 tooth: 1").replace("period_steps: 8", ""))
    result = run(installed, "validate", "--format", "json", path)
    found = [(d["location"]["row"], d["code"]) for d in json.loads(result.stdout)]
    assert result.returncode == 1
    assert found == [(1, "SB205"), (3, "SB204"), (3, "SB201")]
    path.write_text(TEXT.replace("0.02", "0.2"))
    result = run(installed, "validate", path)
    assert "SB308" in result.stdout
    assert "the teeth fall" in result.stdout


def test_resolved_shows_its_defaults(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "sawtooth.config"
    path.write_text(TEXT.replace(" teeth: 2", ""))
    result = run(installed, "show", path, "--resolved")
    assert "    teeth: 1  # default\n" in result.stdout
    path.write_text(result.stdout)
    assert run(installed, "show", path, "--resolved").stdout.count("# default") < 20


def test_it_is_converted(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "sawtooth.config"
    path.write_text(TEXT)
    there = run(installed, "convert", path)
    assert there.stdout == YAML.replace(
        " type.googleapis.com/acme.schedules.Sawtooth",
        (' "type.googleapis.com/acme.schedules.Sawtooth"'),
    )
    path = path.with_suffix(".yaml")
    path.write_text(YAML)
    back = run(installed, "convert", path)
    assert back.stdout.replace("\n    ", " ").split() == TEXT.split()


def test_a_misspelt_kind(installed: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.config"
    path.write_text(TEXT.replace("Sawtooth", "Sawtoth"))
    result = run(installed, "validate", path)
    assert ":2:3: error[SB208]" in result.stdout
    assert "did you mean `acme.schedules.Sawtooth`?" in result.stdout


def test_a_kind_that_is_not_installed() -> None:
    (finding,) = validate_text(TEXT, "x.config")
    assert (finding.row, finding.column, finding.code) == (2, 3, "SB208")
    assert "No installed package provides one." in finding.message


@pytest.mark.parametrize("text", ["custom {}", "custom { a {} }", 'custom { type_url: "x" }'])
def test_a_kind_without_a_type(text: str) -> None:
    (finding,) = validate_text(text, "x.config")
    assert (finding.row, finding.column, finding.code) == (1, 1, "SB208")


def test_a_kind_has_one_lowering() -> None:
    with pytest.raises(ValueError, match="already has a lowering"):
        lowers(learning_rate_pb2.ConstantLearningRate)(lambda message: message)


def test_a_warmup_of_ones_own(installed: Path) -> None:
    """What `lowers(..., warmup=...)` says is judged as any warmup."""
    code = """
from schedule_builder import validate_text
from schedule_builder.dialects import lowering
lowering.custom_kinds()
name = "acme.schedules.Sawtooth"
warmup = lambda message: (("period_steps",), message.period_steps)
lowering._KINDS[name] = lowering._KINDS[name]._replace(warmup=warmup)
rate = (
    "custom { [type.googleapis.com/acme.schedules.Sawtooth] {"
    " max_learning_rate: 0.1 period_steps: 8 teeth: 2 } }"
)
optimizer = f"adam_optimizer {{ learning_rate {{ {rate} }} }}"
text = f"train_config {{ num_steps: 9 optimizer {{ {optimizer} }} }}"
for found in validate_text(text, filename="x.config"):
    if found.code == "SB407":
        print(found.path, found.message, sep=": ")
"""
    result = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"},
    )
    path = "train_config.optimizer.adam_optimizer.learning_rate.custom.period_steps"
    assert result.stderr == ""
    assert result.stdout.startswith(f"{path}: the warmup lasts 8 of 9 steps")
