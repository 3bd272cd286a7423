"""`validate` as people run it: which files, which settings, which findings, and how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schedule_builder import validate, validate_text
from schedule_builder.cli import app as cli
from schedule_builder.workspace import processes
from schedule_builder.workspace.checker import check_files
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings, SettingsError, read_settings, settings_for

GOOD = "constant_learning_rate { learning_rate: 0.1 }\n"
BAD = "constant_learning_rate { learning_rate: -0.1 }\n"
WARNED = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 200 learning_rate: 0.01 }
  } } } }
}
"""
EXPERIMENT = """trainer:
  optimizer_config:
    optimizer: {type: sgd, sgd: {momentum: 0.9}}
    learning_rate: {type: constant, constant: {learning_rate: 0.1}}
"""
SECTION = "[tool.schedule-builder]\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs the command in a folder of its own; gives the exit code and both outputs."""
    monkeypatch.chdir(tmp_path)
    settings_for.cache_clear()

    def _run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
        settings_for.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = cli.main(["validate", *map(str, arguments)])
        return code, *capfd.readouterr()

    yield _run
    settings_for.cache_clear()


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def codes(output: str) -> list[str]:
    return [finding["code"] for finding in json.loads(output)]


# --- which files ------------------------------------------------------------------------------


def test_a_folder_s_configs_are_found_by_their_contents(run: Run) -> None:
    write("a.config", BAD)
    write("deep/er/b.yaml", EXPERIMENT)
    write("deep/c.json", '{"train_config": {"num_steps": -1}}')
    write("deep/other.yaml", "jobs:\n  train_config_test:\n    - run: x\n")
    write("deep/app.config", "<configuration/>\n")
    write("deep/list.json", '[{"train_config": {}}]')
    write("deep/notes.txt", BAD)
    write(".hidden/a.config", BAD)
    write("node_modules/a.config", BAD)
    code, out, _ = run("--format", "json", ".")
    assert code == 1
    assert {f["filename"] for f in json.loads(out)} == {
        "a.config",
        os.path.join("deep", "c.json"),  # noqa: PTH118 - as it is printed
        os.path.join("deep", "er", "b.yaml"),  # noqa: PTH118
    }
    assert run("--format", "json")[1] == out


OTHERS_FILES = {
    "compose.yaml": "version: 2\nservices:\n  trainer:\n    image: x\n",
    "mmcv.yaml": "optimizer:\n  type: SGD\n  lr: 0.1\noptimizer_config:\n  grad_clip: null\n",
    "flat.yaml": "initial_learning_rate: 0.1\nepochs: 3\n",
    "constant.yaml": "constant_learning_rate: 0.1\nepochs: 3\n",
    "allennlp.yaml": "trainer: x\nmodel: foo\n",
    "ldm.yaml": "model:\n  base_learning_rate: 4.5e-06\n  target: ldm.models.Autoencoder\n",
    "lightning.yaml": "trainer:\n  max_steps: 100\n  accelerator: gpu\nmodel: {lr: 0.1}\n",
    "nested.yaml": "jobs:\n  train_config:\n    batch_size: 3\n",
    "labels.pbtxt": "item { id: 1 name: 'trainer' }\n",
    "log.json": '{"history": [{"cosine_decay_learning_rate": {"a": 1}}]}',
    "broken.yaml": "trainer: [\n  a: {\n",
}
OURS = {
    "mark.config": "\ufefftrain_config { }\n",
    "line.json": '{"model": {}, "train_config": {"num_steps": 5}}',
    "line.config": "model { } train_config { num_steps: 5 }\n",
    "warmup.config": "  warmup { warmup_steps: 3 } constant_learning_rate { }\n",
    "flow.yaml": "{task: {}, trainer: {train_steps: 5}}\n",
    "quoted.yaml": '"train_config":\n  num_steps: 5\n',
    "broken.config": "model {\n  ssd {\n}\n\n  train_config {\n",
    "table.yaml": "table_learning_rate:\n  learning_rates: [0.1]\n",
    "template.yaml": "task: {{ task }}\ntrainer:\n  train_steps: {{ steps }}\n",
    "large.yaml": f"task: {'x' * 2_100_000}\ntrainer:\n  train_steps: 5\n",
    "large.json": f'{{"train_config": {{}}, "model": {{"a": "{"x" * 2_100_000}"}}}}',
    "large.config": f"# {'x' * 2_100_000}\ntable_learning_rate {{ learning_rates: 1 }}\n",
}


def test_files_of_other_tools_are_left_alone(run: Run) -> None:
    for name, text in (OTHERS_FILES | OURS).items():
        write(f"in/{name}", text)
    Path("in/wide.config").write_bytes("train_config { }".encode("utf-16"))
    code, out, _ = run("--format", "junit", "in")
    assert code == 1
    found = {Path(name).name for name in re.findall(r'<testcase name="([^"]*)"', out)}
    assert found == OURS.keys() | {"wide.config"}
    names = sorted(str(path) for path in Path("in").iterdir())
    assert run("--format", "junit", "--filter", *names)[1] == out


def test_a_page_in_the_place_of_a_pipeline_is_found(run: Run) -> None:
    write("models/pipeline.config", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n")
    write("models/nginx.config", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n")
    write("models/eval_pipeline.config", "eval_config { num_examples: 10 }\n")
    code, out, _ = run(".")
    assert code == 1
    assert "models/pipeline.config:1:1: error[SB101]" in out
    assert "nginx" not in out
    assert "\nnot checked: models/eval_pipeline.config looks like a truncated pipeline" in out


def test_what_git_ignores_is_left_out(run: Run) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    write(".gitignore", "out/\n")
    write("out/a.config", BAD)
    write("in/a.config", BAD)
    write("in/with space é.config", GOOD)
    code, out, _ = run(".")
    assert code == 1
    assert "out" not in out
    assert "of 2 files" in out


def test_patterns(run: Run) -> None:
    write("a/b/c.config", BAD)
    write("a/[x].config", GOOD)
    assert run("a/**/*.config")[0] == 1
    assert "of 2 files" in run("a/**/*.config")[1]
    assert run("a/[x].config")[1] == "1 file: no findings.\n"
    code, _, err = run("none/*.config")
    assert (code, "cannot read none/*.config" in err) == (2, True)


def test_a_file_is_checked_once(run: Run) -> None:
    write("a.config", GOOD)
    assert run("a.config", ".", "a.config")[1] == "1 file: no findings.\n"


def test_nothing_to_check_is_said(run: Run) -> None:
    code, out, err = run(".")
    assert (code, out) == (2, "")
    assert "found no configs in .: pass the PATH" in err


def test_standard_input_has_a_name(run: Run) -> None:
    code, out, _ = run("-", "--stdin-filename", "x/y.yaml", stdin=b"min_learning_rate: -1\n")
    assert code == 1
    assert out.startswith("x/y.yaml:1:20: error[SB204]")
    assert run("-", stdin=GOOD.encode())[0] == 0


def test_filtered_files(run: Run) -> None:
    write("a.config", BAD)
    write("b.yaml", "x: 1\n")
    assert "in 1 file" in run("--filter", "a.config", "b.yaml")[1]
    assert run("--filter", "b.yaml") == (0, "", "")
    write("pyproject.toml", SECTION + 'exclude = ["a.*"]\n')
    assert run("--filter", "a.config") == (0, "", "")
    assert run("a.config")[0] == 1


def test_a_file_that_cannot_be_read_hides_no_other(run: Run) -> None:
    write("a.config", BAD)
    code, out, err = run("missing.config", "a.config")
    assert code == 2
    assert "SB204" in out
    assert "cannot read missing.config: No such file" in err


# --- what is checked in place of the file -----------------------------------------------------


def test_overrides_and_the_number_of_steps(run: Run) -> None:
    write("a.config", WARNED)
    assert "SB418" in run("a.config")[1]
    assert "SB418" not in run("--set", "train_config.num_steps=500", "a.config")[1]
    write("b.yaml", EXPERIMENT)
    assert "SB405" in run("b.yaml")[1]
    assert run("--num-steps", 100, "b.yaml")[1] == "1 file: no findings.\n"
    code, out, _ = run("--set", "train_config.nm_steps=5", "a.config")
    assert code == 1
    assert "--set:1:14: error[SB201]" in out
    # It is said once, and says nothing about fixes of files.
    write("c.config", WARNED)
    _, out, _ = run("--set", "train_config.nm_steps=5", "a.config", "c.config")
    assert out.count("--set:1:14: error[SB201]") == 1
    assert run("--set", "train_config.num_steps=5", "--fix", "a.config")[0] == 2
    assert Path("a.config").read_text() == WARNED


def test_show_and_diff_take_overrides(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    write("a.config", GOOD)
    override = ["--set", "constant_learning_rate.learning_rate=0.25"]
    assert cli.main(["show", "a.config", *override]) == 0
    assert "constant 0.25" in capfd.readouterr().out
    assert cli.main(["diff", "a.config", "a.config", *override]) == 0


# --- which findings ---------------------------------------------------------------------------


def test_select_and_ignore(run: Run) -> None:
    write("a.config", WARNED)
    assert codes(run("--format", "json", "a.config")[1]) == ["SB414", "SB418"]
    assert codes(run("--format", "json", "--select", "SB418", "a.config")[1]) == ["SB418"]
    assert codes(run("--format", "json", "--select", "SB4", "a.config")[1]) == ["SB414", "SB418"]
    ignored = run("--format", "json", "--ignore", "bypassed-schedule, SB1", "a.config")
    assert codes(ignored[1]) == ["SB414"]
    code, _, err = run("--select", "stage-not-reach", "a.config")
    assert code == 2
    assert "did you mean `stage-not-reached`" in err


def test_warnings_fail_where_it_is_asked_for(run: Run) -> None:
    write("a.config", WARNED)
    assert run("a.config")[0] == 0
    assert run("--fail-on", "warning", "a.config")[0] == 1
    write("pyproject.toml", SECTION + 'fail-on = "warning"\n')
    assert run("a.config")[0] == 1
    assert run("--fail-on", "error", "a.config")[0] == 0
    assert run("--isolated", "a.config")[0] == 0


def test_junit_shows_what_fails(run: Run) -> None:
    write("in/a.config", WARNED)
    write("out/b.config", WARNED)
    write("in/pyproject.toml", SECTION + 'fail-on = "warning"\n')

    def failing(*arguments: str) -> list[str]:
        out = run("--format", "junit", *arguments, "in/a.config", "out/b.config")[1]
        cases = ET.fromstring(out).iter("testcase")
        return [str(case.get("name")) for case in cases if case.find("failure") is not None]

    assert failing() == ["in/a.config"]
    assert failing("--fail-on", "warning") == ["in/a.config", "out/b.config"]
    assert failing("--fail-on", "error") == []


def test_statistics(run: Run) -> None:
    write("a.config", WARNED)
    write("b.config", WARNED + "x: 1\n")
    code, out, _ = run("--statistics")
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines()[:-1]] == [
        ["2", "SB414"],
        ["2", "SB418"],
        ["1", "SB201"],
    ]
    assert out.splitlines()[-1].startswith("Found 1 error and 4 warnings in 2 files.")
    code, _, err = run("--statistics", "--format", "json")
    assert (code, err) == (
        2,
        "schedule-builder validate: `--statistics` cannot be combined with `--format`\n"
        "For usage, run: schedule-builder validate --help\n",
    )


def test_quiet(run: Run) -> None:
    write("a.config", GOOD)
    write("b.config", GOOD.replace("0.1", "-0.1"))
    write("near.yaml", "trainr: {optimizer_config: {}}\n")
    for option in ("-q", "--quiet"):
        code, out, err = run(option)
        assert (code, err) == (1, "")
        assert [line.split(":")[0] for line in out.splitlines()] == ["b.config"]
    assert run("-q", "a.config") == (0, "", "")
    assert run("-q", "--format", "github", "a.config") == (0, "", "")
    assert run("-q", "--output", "report.txt", "a.config") == (0, "", "")
    assert run("-q", "--write-baseline", "known.json", "b.config") == (0, "", "")
    write("c.config", "manual_step_learning_rate { schedule { step: 0 learning_rate: 1 } }\n")
    assert run("-q", "--fix", "c.config")[2] == ""
    assert run("-q", "--isolated", "missing.config")[2] != ""


def test_excluded_on_the_command_line(run: Run) -> None:
    write("a.config", BAD)
    write("old/b.config", BAD)
    write("old/c.config", BAD)
    write("pyproject.toml", SECTION + 'exclude = ["c.config"]\n')

    def found(*arguments: str) -> list[str]:
        return [entry["filename"] for entry in json.loads(run("--format", "json", *arguments)[1])]

    assert found(".") == ["a.config", "old/b.config"]
    assert found("--exclude", "old/", ".") == ["a.config"]
    assert found("--exclude", "/b.config", "--exclude", "a.*", ".") == ["old/b.config"]
    # What is named is meant, except by a hook.
    assert found("--exclude", "old/", "old/b.config") == ["old/b.config"]
    assert run("--exclude", "old/", "--filter", "old/b.config") == (0, "", "")
    assert (
        "old/b.config: not checked: is excluded by `--exclude`"
        in run("--exclude", "old/", "--list-files")[1]
    )
    code, _, err = run("--exclude", "!a.config", ".")
    assert code == 2
    assert err.startswith("schedule-builder validate: `--exclude`: invalid pattern `!a.config`: ")


def test_excluded_from_the_current_folder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write("sub/old/b.config", BAD)
    write("pyproject.toml", SECTION)
    monkeypatch.chdir("sub")
    assert run("--exclude", "/old", "--filter", "old/b.config") == (0, "", "")


@pytest.mark.skipif(sys.platform == "darwin", reason="its file systems take names in UTF-8 alone")
def test_no_control_character_of_a_name_reaches_a_log(run: Run) -> None:
    hostile = "a\x1b[31m\n::error::x\x9b.config"
    write(hostile, WARNED + "x: 1\n")
    write(f"b{hostile}", "model { }\n")
    baseline = ("--write-baseline", "x.json")
    for arguments in (["."], ["--list-files"], ["--diff"], [hostile], ["--fix"], baseline):
        for variable in ("false", "true"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("GITHUB_ACTIONS", variable)
                _, out, err = run(*arguments)
            for line in (out + err).splitlines():
                assert not re.search("[\x00-\x1f\x7f-\x9f]", line)
                assert not line.startswith("::error::")
    missing = f"missing{hostile}"
    for lines in (run(missing), run("--fix", missing)):
        assert "\x1b" not in "".join(map(str, lines))
        assert "\n::error::" not in "".join(map(str, lines))


SETTINGS: dict[str, tuple[str, list[str]]] = {
    "select": ('select = ["SB418"]', ["SB418"]),
    "ignore": ('ignore = ["SB418"]', ["SB414"]),
    "ignore a name": ('ignore = ["stage-without-effect"]', ["SB418"]),
    "files that match": ('[tool.schedule-builder.per-file-ignores]\n"sub/*" = ["SB4"]', []),
    "files of a name": ('[tool.schedule-builder.per-file-ignores]\n"a.*" = ["SB418"]', ["SB414"]),
    "any depth": ('[tool.schedule-builder.per-file-ignores]\n"**/a.config" = ["SB4"]', []),
    "other files": (
        '[tool.schedule-builder.per-file-ignores]\n"other/*" = ["SB4"]',
        ["SB414", "SB418"],
    ),
    "policy": (
        "[tool.schedule-builder.policy]\nmax-learning-rate = 0.01",
        ["SB501", "SB414", "SB418"],
    ),
    "policy for another": (
        "[tool.schedule-builder.policy]\nmax-learning-rate = {adam_optimizer = 0.01}",
        ["SB414", "SB418"],
    ),
    "rate": ("max-rate = {sgd = 0.01}", ["SB422", "SB414", "SB418"]),
    "rate of another": ("max-rate = {adam = 0.01}", ["SB414", "SB418"]),
    "another tool's": ("[tool.other]\nselect = 3", ["SB414", "SB418"]),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(name: str, run: Run) -> None:
    text, wanted = SETTINGS[name]
    head = "" if text.startswith("[") else SECTION
    write("pyproject.toml", head + text + "\n")
    write("sub/a.config", WARNED)
    assert codes(run("--format", "json", "sub/a.config")[1]) == wanted


def test_thresholds_and_severity(run: Run) -> None:
    write("a.config", WARNED.replace("200", "152"))
    assert "SB418" in codes(run("--format", "json", "a.config")[1])
    write("pyproject.toml", SECTION + "[tool.schedule-builder.severity]\nSB418 = 'error'\n")
    assert run("a.config")[0] == 1
    cosine = WARNED.replace("manual_step", "cosine_decay").replace(
        "    initial_learning_rate: 0.1\n    schedule { step: 100 learning_rate: 0.1 }\n"
        "    schedule { step: 200 learning_rate: 0.01 }\n",
        "learning_rate_base: 1 warmup_learning_rate: 0.1 warmup_steps: 40 total_steps: 150\n",
    )
    write("b.config", cosine)
    assert "SB407" in run("b.config")[1]
    write(
        "pyproject.toml",
        "[tool.schedule-builder.thresholds]\nlongest-warmup-fraction = 0.5\n",
    )
    assert run("b.config")[1] == "1 file: no findings.\n"


def test_the_nearest_settings_are_in_force(run: Run) -> None:
    write("pyproject.toml", SECTION + 'ignore = ["SB418"]\n')
    write("sub/pyproject.toml", "[project]\nname = 'x'\n")
    write("sub/a.config", WARNED)
    assert codes(run("--format", "json", "sub/a.config")[1]) == ["SB414"]
    write("sub/pyproject.toml", SECTION + 'ignore = ["SB414"]\n')
    assert codes(run("--format", "json", "sub/a.config")[1]) == ["SB418"]
    assert codes(run("--format", "json", "--isolated", "sub/a.config")[1]) == ["SB414", "SB418"]
    chosen = run("--format", "json", "--config", "pyproject.toml", "sub/a.config")
    assert codes(chosen[1]) == ["SB414"]
    assert run("--config", "missing.toml", "sub/a.config")[0] == 2


def test_files_and_exclude(run: Run) -> None:
    write("pyproject.toml", SECTION + 'files = ["*.lr", "deep/**"]\nexclude = ["old/"]\n')
    write("a.lr", BAD)
    write("b.config", BAD)
    write("deep/c.config", BAD)
    write("old/d.lr", BAD)
    _, out, _ = run("--format", "json", ".")
    assert {f["filename"] for f in json.loads(out)} == {"a.lr", "deep/c.config"}


def test_severities_of_beginnings_of_codes(run: Run) -> None:
    settings = 'severity = {SB4 = "error", SB418 = "warning"}\n'
    write("pyproject.toml", SECTION + settings)
    write("a.config", WARNED)
    found = json.loads(run("--format", "json", "a.config")[1])
    assert [(f["code"], f["severity"]) for f in found] == [("SB414", "error"), ("SB418", "warning")]


MISSPELLED = {
    '[tool.schedule_builder]\nignore = ["SB4"]': (1, "tool.schedule_builder"),
    "\n[tool.schedule-bulder]\nnum-steps = 3": (2, "tool.schedule-bulder"),
    "[tool.Schedule-Builder.policy]\nrequire-warmup = true": (1, "tool.Schedule-Builder"),
    "[tool.schedulebuilder]": (1, "tool.schedulebuilder"),
    "[ tool . 'schedule_builder' ]": (1, "tool.schedule_builder"),
    "[tools.schedule-builder]\nignore = []": (1, "tools.schedule-builder"),
    "[schedule-builder]\nignore = []": (1, "schedule-builder"),
    "[tool]\nschedule_builder = {ignore = []}": (2, "tool.schedule_builder"),
    "tool.schedule_builder.ignore = []": (1, "tool.schedule_builder"),
    "# [tool.schedule_builder]\n[tool.scheduler-builder]\n": (2, "tool.scheduler-builder"),
}


@pytest.mark.parametrize("text", MISSPELLED)
def test_a_misspelled_table_is_a_warning(text: str, run: Run) -> None:
    row, name = MISSPELLED[text]
    write("pyproject.toml", "[project]\nname = 'x'\n")
    write("sub/pyproject.toml", text + "\n")
    write("sub/deep/a.config", GOOD)
    code, out, err = run("--format", "json", ".")
    assert (code, json.loads(out)) == (0, [])
    assert err == (
        f"schedule-builder: warning: sub/pyproject.toml:{row}: the table [{name}] is not read."
        " Did you mean [tool.schedule-builder]?\n"
    )
    assert run("--isolated", ".")[2] == ""
    code, _, err = run("--config", "sub/pyproject.toml", ".")
    assert code == 2
    assert f"[{name}] is not read" in err
    assert cli.main(["show", "sub/deep/a.config"]) == 0


def test_a_misspelled_table_beside_the_right_one(
    run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    both = SECTION + 'ignore = ["SB418"]\n[tool.schedule_builder.policy]\nrequire-warmup = true\n'
    write("pyproject.toml", both)
    write("a.config", WARNED)
    _, out, err = run("--format", "json", "a.config")
    assert codes(out) == ["SB414"]
    assert "pyproject.toml:3: the table [tool.schedule_builder] is not read" in err
    settings_for.cache_clear()
    assert cli.main(["show", "a.config"]) == 0
    assert "pyproject.toml:3: the table" in capfd.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "[tool.setuptools_scm]\nx = 1",
        "[tool.schedule]\nx = 1",
        "[tool.poetry.dependencies]\nschedule-builder = '^1'",
        "[tool.poetry.dependencies.schedule-builder]\nextras = ['plot']",
        "[dependency-groups]\ndev = ['schedule_builder']",
        "[tool.uv.sources]\nschedule-builder = {path = 'x'}",
        "[project]\ndescription = '[tool.schedule_builder]'",
        "[tool.schedule_builder",  # It is broken, and for others to say.
    ],
)
def test_other_tables_are_no_warning(text: str, run: Run) -> None:
    write("pyproject.toml", text + "\n")
    write("a.config", GOOD)
    assert run("a.config") == (0, "1 file: no findings.\n", "")


@pytest.mark.parametrize(
    "text",
    ['[tool]\nschedule-builder = {ignore = ["SB418"]}', 'tool.schedule-builder.ignore = ["SB418"]'],
)
def test_settings_in_any_notation(text: str, run: Run) -> None:
    write("pyproject.toml", text + "\n")
    write("a.config", WARNED)
    assert codes(run("--format", "json", "a.config")[1]) == ["SB414"]


def test_a_header_that_is_not_closed_is_an_error(run: Run) -> None:
    write("pyproject.toml", '[tool.schedule-builder\nignore = ["SB4"]\n')
    write("a.config", WARNED)
    code, out, err = run("a.config")
    assert (code, out) == (2, "")
    assert "pyproject.toml: " in err


def test_num_steps_for_files_that_say_none(run: Run) -> None:
    write("pyproject.toml", SECTION + "num-steps = 50\n")
    write("b.yaml", EXPERIMENT)
    assert run("b.yaml")[1] == "1 file: no findings.\n"


BAD_SETTINGS = {
    'selct = ["SB4"]': (2, "did you mean `select`"),
    'select = "SB4"': (2, "a list of strings"),
    'select = ["SB999"]': (2, "unknown rule `SB999`"),
    'fail-on = "never"': (2, "error or warning"),
    "num-steps = 0": (2, "above 0"),
    "num-steps = true": (2, "above 0"),
    "thresholds = {idle-fractoin = 1}": (2, "did you mean `idle-fraction`"),
    "thresholds = {idle-fraction = -1}": (2, "`idle-fraction`: expected a share from 0 to 1"),
    "thresholds = {idle-fraction = 5}": (2, "from 0 to 1"),
    "policy = {max-learning-rate = 'x'}": (2, "`max-learning-rate`: expected a number"),
    "policy = {max-learning-rate = {momentum_optimzer = 1}}": (2, "mean `momentum_optimizer`"),
    "policy = {max-learning-rate = {momentum = 1}}": (2, "mean `momentum_optimizer`"),
    "policy = {max-learning-rate = {adamw = 'x'}}": (2, "`adamw`: expected a number"),
    "max-rate = 3": (2, "a table"),
    "max-rate = {adan = 1}": (2, "mean `adam`"),
    "max-rate = {adam = 'x'}": (2, "`adam`: expected a number"),
    "policy = {require-warmup = 1}": (2, "true or false"),
    "severity = {SB418 = 'off'}": (2, "`SB418`: expected error or warning"),
    "per-file-ignores = ['x']": (2, "a table"),
    "baseline = 3": (2, "a string"),
    "baseline = '/dev/zero'": (2, "below the folder of this file, not `/dev/zero`. For a file"),
    "baseline = '../../known.json'": (2, "below the folder of this file, not `../../known.json`"),
    "baseline = 'a/../../known.json'": (2, "below the folder"),
    'baseline = "a\\u0000b"': (2, "below the folder"),
    'baseline = "a\\u001b[31m"': (2, "below the folder"),
    "\nignore = [": (0, "toml"),
}


@pytest.mark.parametrize("text", BAD_SETTINGS)
def test_bad_settings_exit_2_and_say_where(text: str, run: Run) -> None:
    row, said = BAD_SETTINGS[text]
    write("pyproject.toml", SECTION + text + "\n")
    write("a.config", GOOD)
    code, out, err = run("a.config")
    assert (code, out) == (2, "")
    assert said in err
    assert f"pyproject.toml:{row}: " in err or not row


def test_all_bad_settings_are_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(SECTION + "num-steps = 0\nfail-on = 1\n")
    with pytest.raises(SettingsError) as error:
        read_settings(path)
    assert [line.split(":")[1] for line in str(error.value).splitlines()] == ["2", "3"]


# --- comments that suppress -------------------------------------------------------------------


LINE = "    schedule { step: 200 learning_rate: 0.01 }"
SUPPRESSED: dict[str, tuple[str, list[str]]] = {
    "on its line": (f"{LINE}  # schedule-builder: ignore[SB418]", ["SB414"]),
    "by name": (f"{LINE}  # schedule-builder: ignore[bypassed-schedule]", ["SB414"]),
    "on the line before": (f"    # schedule-builder: ignore[SB418]\n{LINE}", ["SB414"]),
    "two lines before": (
        f"    # schedule-builder: ignore[SB418] because\n    # of this\n\n{LINE}",
        ["SB414"],
    ),
    "in the file": (f"{LINE}  # schedule-builder: ignore-file[SB418,SB414]", []),
    "several": (f"{LINE}  #schedule-builder:ignore[SB418, SB409]", ["SB414", "SB901"]),
    "on another line": (f"{LINE}\n# schedule-builder: ignore[SB418]", ["SB414", "SB418", "SB901"]),
    "after a comment": (f"{LINE}  # why # schedule-builder: ignore[SB418]", ["SB414"]),
    "each its own": (
        f"{LINE}  # Schedule-Builder: ignore[SB418]  # schedule-builder: ignore-file[SB414] why",
        [],
    ),
    "none": (f"{LINE}  # schedule-builder: ignore[]", ["SB414", "SB418", "SB902"]),
    "the beginning of a code": (
        f"{LINE}  # schedule-builder: ignore[SB4]",
        ["SB414", "SB418", "SB902"],
    ),
    "no code": (f"{LINE}  # schedule-builder: ignore", ["SB414", "SB418", "SB902"]),
    "no such code": (f"{LINE}  # schedule-builder: ignore[SB999]", ["SB414", "SB418", "SB902"]),
    "no such verb": (f"{LINE}  # schedule-builder: skip[SB418]", ["SB414", "SB418", "SB902"]),
    "in a text": (
        f'{LINE} }} }} }} }} fine_tune_checkpoint: "# schedule-builder: ignore[SB418]" {{{{{{{{',
        ["SB414", "SB418"],
    ),
}


@pytest.mark.parametrize("name", SUPPRESSED)
def test_suppressions(name: str) -> None:
    line, wanted = SUPPRESSED[name]
    text = WARNED.replace(LINE, line)
    if name == "in a text":
        text = text.replace("} } } }\n}\n", "}\n").replace("{{{{", "")
    assert [d.code for d in validate_text(text, "a.config")] == wanted


def test_an_error_may_be_silenced(run: Run) -> None:
    write("a.config", BAD.rstrip() + "  # schedule-builder: ignore[SB204]\n")
    assert run("a.config")[:2] == (0, "1 file: no findings.\n")


# --- baselines --------------------------------------------------------------------------------


def test_a_baseline_keeps_known_findings_quiet(run: Run) -> None:
    write("sub/a.config", WARNED)
    write("b.config", BAD)
    code, out, _ = run("--write-baseline", "known.json", "sub/a.config", "b.config")
    assert (code, out) == (0, "Wrote 3 known findings to known.json.\n")
    assert run("--baseline", "known.json", ".")[:2] == (0, "2 files: no new findings (3 known).\n")
    # Lines may move.
    write("sub/a.config", "# moved\n\n" + WARNED)
    assert run("--baseline", "known.json", ".")[0] == 0
    # What is new is found.
    write("c.config", BAD)
    code, out, _ = run("--format", "json", "--baseline", "known.json", ".")
    assert (code, codes(out)) == (1, ["SB204"])


def test_entries_of_codes_that_are_not_asked_for_are_not_stale(run: Run) -> None:
    write("a.config", WARNED)
    run("--write-baseline", "known.json", ".")
    assert run("--baseline", "known.json", "--select", "SB1", ".")[1] == "1 file: no findings.\n"
    ignored = run("--baseline", "known.json", "--ignore", "SB418", ".")[1]
    assert ignored == "1 file: no new findings (1 known).\n"
    write("a.config", GOOD)
    assert "SB903" in run("--baseline", "known.json", ".")[1]
    assert run("--baseline", "known.json", "--ignore", "SB903", ".")[1] == "1 file: no findings.\n"
    write("pyproject.toml", SECTION + 'severity = {SB903 = "error"}\n')
    assert run("--baseline", "known.json", ".")[0] == 1


def test_each_projects_own_baseline(run: Run) -> None:
    for name in ("one", "two"):
        write(f"{name}/a.config", WARNED)
        write(f"{name}/pyproject.toml", SECTION + 'baseline = "known.json"\n')
    for name in ("one", "two"):
        assert run("--write-baseline", f"{name}/known.json", name)[0] == 0
    assert run("one", "two")[1] == "2 files: no new findings (4 known).\n"
    write("two/a.config", WARNED.replace("200", "300").replace("0.01", "0.1"))
    assert "two/a.config:6" in run("one", "two")[1]


def test_known_findings_are_not_fixed(run: Run) -> None:
    write("a.config", WARNED)
    run("--write-baseline", "known.json", ".")
    assert (
        run("--baseline", "known.json", "--fix", ".")[1] == "1 file: no new findings (2 known).\n"
    )
    assert Path("a.config").read_text() == WARNED
    assert run("--fix", ".")[0] == 0
    assert Path("a.config").read_text() != WARNED


def test_stale_entries_are_reported(run: Run) -> None:
    write("a.config", WARNED)
    write("b.config", BAD)
    run("--write-baseline", "known.json", ".")
    write("a.config", WARNED.replace("200", "120"))
    code, out, _ = run("--format", "json", "--baseline", "known.json", "a.config")
    (finding,) = json.loads(out)
    assert (code, finding["code"], finding["filename"]) == (0, "SB903", "known.json")
    entry = Path("known.json").read_text().splitlines()[finding["location"]["row"] - 1]
    assert "SB418" in entry
    # Of files that were not checked nothing is said, but of those that are gone.
    Path("b.config").unlink()
    _, out, _ = run("--format", "json", "--baseline", "known.json", "a.config")
    assert codes(out) == ["SB903", "SB903"]


def test_known_findings_are_counted(run: Run) -> None:
    write("a.config", WARNED)
    run("--write-baseline", "known.json", ".")
    write("b.config", BAD)
    _, out, _ = run("--baseline", "known.json", ".")
    assert out.splitlines()[-1] == "Found 1 error in 1 of 2 files (2 known)."


def test_a_missing_baseline_says_how_to_write_it(run: Run) -> None:
    write("sub/a.config", WARNED)
    code, out, err = run("--baseline", "known.json", ".")
    assert (code, out) == (2, "")
    assert "cannot read the baseline known.json: No such file or directory" in err
    assert "`--write-baseline known.json`" in err
    write("sub/pyproject.toml", SECTION + 'baseline = "old/known.json"\n')
    assert "`--write-baseline sub/old/known.json`" in run("--fix", ".")[2]
    Path("sub/old").mkdir()
    assert run("--write-baseline", "sub/old/known.json", ".")[0] == 0
    assert run(".")[:2] == (0, "1 file: no new findings (2 known).\n")


STAGES = """train_config {
  num_steps: 150
  optimizer { momentum_optimizer { learning_rate { manual_step_learning_rate {
    initial_learning_rate: 0.1
    schedule { step: 100 learning_rate: 0.1 }
    schedule { step: 200 learning_rate: 0.01 }
    schedule { step: 300 learning_rate: 0.001 }
  } } } }
}
"""


def test_entries_survive_a_fix_that_moves_indexes(run: Run) -> None:
    write("a.config", STAGES)
    run("--ignore", "SB414", "--write-baseline", "known.json", ".")
    known = json.loads(Path("known.json").read_text())["findings"]
    assert {entry["path"].count("[1]") for entry in known} >= {1}
    assert run("--fix", "--baseline", "known.json", ".")[0] == 0
    assert "step: 100" not in Path("a.config").read_text()
    _, out, _ = run("--format", "json", "--baseline", "known.json", ".")
    assert codes(out) == []


def test_a_new_finding_is_told_from_known_ones_that_moved(run: Run) -> None:
    stage = "  schedule {{ step: {0} learning_rate: -{0} }}\n"
    text = "manual_step_learning_rate {\n  initial_learning_rate: 1\n%s}\n"
    write("a.config", text % "".join(map(stage.format, (20, 30))))
    run("--write-baseline", "known.json", ".")
    write("a.config", text % "".join(map(stage.format, (10, 20, 30))))
    (found,) = json.loads(run("--format", "json", "--baseline", "known.json", ".")[1])
    assert (found["code"], found["location"]["row"]) == ("SB204", 3)


def test_entries_survive_another_name(run: Run) -> None:
    write("a.config", WARNED)
    write("old/b.config", BAD)
    run("--write-baseline", "known.json", ".")
    Path("a.config").rename("pets.config")
    Path("old").rename("new")
    summary = "2 files: no new findings (3 known).\n"
    assert run("--baseline", "known.json", ".")[:2] == (0, summary)
    # A copy is not the same file, and neither is another finding instead of a known one.
    write("c.config", WARNED)
    assert codes(run("--format", "json", "--baseline", "known.json", ".")[1]) == ["SB414", "SB418"]
    Path("c.config").unlink()
    write("new/b.config", BAD.replace("-0.1", "-0.7"))
    _, out, _ = run("--format", "json", "--baseline", "known.json", ".")
    assert codes(out) == ["SB204", "SB903"]


def test_a_hook_does_not_miss_files_that_it_was_not_given(run: Run) -> None:
    write("a.config", WARNED)
    write("b.config", GOOD)
    run("--write-baseline", "known.json", ".")
    Path("a.config").rename("pets.config")
    # What was renamed is among the files of another commit.
    assert run("--filter", "--baseline", "known.json", "b.config")[0] == 0
    assert run("--filter", "--baseline", "known.json", "--fail-on=warning", "b.config")[0] == 0
    assert codes(run("--baseline", "known.json", "-f", "json", "b.config")[1]) == ["SB903"] * 2


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "."])
def test_a_baseline_is_a_regular_file(name: str, run: Run) -> None:
    write("a.config", GOOD)
    os.mkfifo("pipe")
    code, _, err = run("--baseline", name, "a.config")
    assert (code, err) == (2, f"schedule-builder: the baseline {name} is not a regular file\n")


def test_a_baseline_without_checksums_is_read(run: Run) -> None:
    write("a.config", WARNED)
    run("--write-baseline", "known.json", ".")
    data = json.loads(Path("known.json").read_text())
    for entry in data["findings"]:
        del entry["line"]
    lines = ",\n".join(map(json.dumps, data["findings"]))
    write("known.json", f'{{"version": 1, "findings": [\n{lines}\n]}}')
    assert run("--baseline", "known.json", ".")[:2] == (0, "1 file: no new findings (2 known).\n")
    write("a.config", GOOD)
    found = json.loads(run("--format", "json", "--baseline", "known.json", ".")[1])
    assert [(f["code"], f["location"]["row"]) for f in found] == [("SB903", 2), ("SB903", 3)]


def test_a_baseline_is_named_from_the_current_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("sub/deep/a.config", WARNED)
    write("sub/pyproject.toml", SECTION + 'baseline = "known.json"\n')
    run("--write-baseline", "sub/known.json", ".")
    write("sub/deep/a.config", GOOD)
    assert run(".")[1].startswith("sub/known.json:4:1: warning[SB903] stale baseline entry: SB414 ")
    monkeypatch.chdir("sub")
    assert run(".")[1].startswith("known.json:4:1: ")


def test_a_baseline_of_the_settings(run: Run) -> None:
    write("a.config", BAD)
    run("--write-baseline", "known.json", "a.config")
    write("pyproject.toml", SECTION + 'baseline = "known.json"\n')
    assert run("a.config")[0] == 0


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "findings": 3}']
)
def test_what_is_no_baseline_exits_2(text: str, run: Run) -> None:
    write("a.config", GOOD)
    write("known.json", text)
    code, _, err = run("--baseline", "known.json", "a.config")
    assert code == 2
    assert "known.json" in err


# --- fixes ------------------------------------------------------------------------------------


def test_fix_and_diff(run: Run) -> None:
    write("a.config", WARNED)
    code, out, err = run("--diff", "a.config")
    assert code == 1
    assert "-    schedule { step: 100 learning_rate: 0.1 }\n" in out
    assert err == "Would fix 1 finding in 1 file.\n"
    assert Path("a.config").read_text() == WARNED
    code, out, err = run("--fix", "a.config")
    assert (code, err) == (0, "Fixed 1 finding in 1 file.\n")
    assert "step: 100" not in Path("a.config").read_text()
    assert run("--diff", "a.config")[0] == 0


def test_fix_of_standard_input_is_written_to_standard_output(run: Run) -> None:
    code, out, _ = run("--fix", "-", "--stdin-filename", "a.config", stdin=WARNED.encode())
    assert code == 0
    assert out == WARNED.replace("    schedule { step: 100 learning_rate: 0.1 }\n", "")


def test_what_is_left_of_standard_input_fails(run: Run) -> None:
    text = "constant_learning_rate { learning_rate: 1 learning_rate: 2 learning_rat: 3 }\n"
    code, out, err = run("--fix", "-", "--stdin-filename", "a.config", stdin=text.encode())
    assert code == 1
    assert out == text.replace("learning_rate: 1 ", "")
    assert "a.config:1:43: error[SB201]" in err


def test_only_what_is_reported_is_fixed(run: Run) -> None:
    write("a.config", WARNED)
    run("--fix", "--ignore", "SB414", "a.config")
    assert Path("a.config").read_text() == WARNED


# --- how it runs ------------------------------------------------------------------------------


@pytest.mark.parametrize("can_fork", sorted({processes.CAN_FORK, False}))
def test_processes_find_the_same(
    can_fork: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "CAN_FORK", can_fork)
    texts = [GOOD, BAD, WARNED, EXPERIMENT]
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}.config"
        path.write_text(texts[number % 4])
        paths.append(str(path))
    paths.append(str(tmp_path / "missing.config"))
    request = Request(settings=Settings())
    before = dict(os.environ)
    assert list(check_files(paths, request, 1)) == list(check_files(paths, request, 2))
    assert dict(os.environ) == before  # what workers need is theirs alone


def test_the_report_goes_to_a_file(run: Run) -> None:
    write("a.config", BAD)
    code, out, _ = run("--format", "junit", "--output", "report.xml", "a.config")
    assert (code, out) == (1, "Found 1 error in 1 file.\n")
    assert Path("report.xml").read_text().startswith("<?xml")


def test_the_python_interface_uses_settings_and_suppressions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings_for.cache_clear()
    write("pyproject.toml", SECTION + 'ignore = ["SB418"]\n')
    write("a.config", WARNED)
    assert [d.code for d in validate(["a.config"])] == ["SB414"]
    with pytest.raises(FileNotFoundError):
        validate(["missing.config"])


def command(*arguments: Any) -> list[str]:
    return [sys.executable, "-m", "schedule_builder", "validate", *map(str, arguments)]


def test_a_terminal_gets_colour_and_progress(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.config").write_text(BAD)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command(tmp_path), stdout=follower, stderr=follower, env=os.environ | {"TERM": "xterm"}
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    assert process.wait() == 1
    assert b"\x1b[1;31merror[SB204]\x1b[0m" in shown
    assert b"/200 files" in shown


def test_watching(tmp_path: Path) -> None:
    path = tmp_path / "a.config"
    path.write_text(GOOD)
    with subprocess.Popen(command("--watch", path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1 file: no findings.\n"
        time.sleep(0.1)
        path.write_text(BAD)
        assert "SB204" in process.stdout.readline()
        process.stdout.readline()
        time.sleep(0.1)
        (tmp_path / "pyproject.toml").write_text(SECTION + 'ignore = ["SB204"]\n')
        path.write_text(BAD + "\n")
        assert process.stdout.readline() == "1 file: no findings.\n"
        process.terminate()
