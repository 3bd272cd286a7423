"""The table of legs that `make test-matrix` and CI run."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
LEGS = json.loads((TOOLS / "matrix.json").read_text())


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("matrix_tool", TOOLS / "test_matrix.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("CI", raising=False)
    return module


def test_legs_have_names_of_their_own_and_cover_every_python() -> None:
    assert len({leg["leg"] for leg in LEGS}) == len(LEGS)
    for kind in ("tensorflow", "pyyaml"):
        assert {leg["python"] for leg in LEGS if kind in leg} == {"3.10", "3.11", "3.12", "3.13"}
    built = {(leg["python"], leg["pyyaml"]) for leg in LEGS if "pyyaml" in leg}
    pure = {(leg["python"], leg["pyyaml"]) for leg in LEGS if leg.get("pure")}
    assert built == pure


@pytest.mark.parametrize(
    ("outcomes", "code", "code_in_ci"),
    [
        (["passed", "passed"], 0, 0),
        (["passed", "failed (exit code 1)"], 1, 1),
        (["passed", "not run: there is no Python 3.12 here"], 0, 1),
        (["not run: there is no Python 3.12 here"] * 2, 1, 1),
    ],
)
def test_a_leg_that_did_not_run_fails_in_ci(
    tool: Any,
    monkeypatch: pytest.MonkeyPatch,
    outcomes: list[str],
    code: int,
    code_in_ci: int,
) -> None:
    names = [leg["leg"] for leg in LEGS][: len(outcomes)]
    told = dict(zip(names, outcomes, strict=True))
    monkeypatch.setattr(tool, "run_leg", lambda leg: told[leg["leg"]])
    monkeypatch.setattr(tool.sys, "argv", ["test_matrix.py", *names])
    assert tool.main() == code
    monkeypatch.setenv("CI", "true")
    assert tool.main() == code_in_ci


def test_a_leg_without_its_python_does_not_run(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "interpreters", lambda _: iter(["false"]))
    assert tool.run_leg(LEGS[0]).startswith("not run")


def test_an_unknown_leg_is_refused(tool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.sys, "argv", ["test_matrix.py", "3.10:2.16"])
    assert tool.main() == 2


@pytest.mark.parametrize("leg", LEGS, ids=lambda leg: leg["leg"])
def test_legs_are_installed_without_the_versions_of_the_makefile(
    tool: Any, monkeypatch: pytest.MonkeyPatch, leg: dict[str, Any]
) -> None:
    monkeypatch.setenv("PIP_CONSTRAINT", "constraints.txt")
    monkeypatch.setenv("PIP_BUILD_CONSTRAINT", "constraints.txt")
    environment = tool.pip_environment(leg)
    assert not [name for name in environment if "CONSTRAINT" in name]
    assert ("PYYAML_FORCE_LIBYAML" in environment) == leg.get("pure", False)


def test_one_leg_has_protobuf_in_python(tool: Any) -> None:
    (leg,) = [leg for leg in LEGS if "protobuf" in leg]
    assert tool.environment_of(leg) == {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    assert all((TOOLS.parent / tests).is_dir() for tests in tool.tests_of(leg))
    assert "tests/rules" in tool.tests_of(leg)
    # Some of them show a picture or name an optimizer of Keras.
    assert f"-e '.[{','.join(tool.EXTRAS)}]'" in (TOOLS.parent / "Makefile").read_text()
    assert tool.requirements(leg) == ["-e", f"{TOOLS.parent}[{','.join(tool.EXTRAS)}]"]
    assert not tool.environment_of(LEGS[0])
