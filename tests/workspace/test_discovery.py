"""Which files of a folder are checked, and what is said of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from schedule_builder import cli
from schedule_builder.workspace.settings import settings_for

GOOD = "constant_learning_rate { learning_rate: 0.1 }\n"
PIPELINE = "looks like a truncated pipeline: it has no `train_config`"
EXPERIMENT = "looks like a truncated experiment: it has no `trainer`"
Run = Callable[..., tuple[int, str, str]]

NEAR = {
    "model.config": ("model {\n  ssd { num_classes: 3 }\n}\n", PIPELINE),
    "cut.pbtxt": ("model {\n  ssd { num_classes: 3\n", PIPELINE),
    "eval.config": ("eval_config { num_examples: 8 }\neval_input_reader { }\n", PIPELINE),
    "parts.yaml": ("model: {ssd: {}}\neval_config: {num_examples: 8}\n", PIPELINE),
    "task.yaml": ("task: {model: {}}\nruntime: {tpu: x}\n", EXPERIMENT),
    "parts.json": ('{\n  "task": {"model": {}},\n  "runtime": {}\n}\n', EXPERIMENT),
    "trainer.yaml": (
        "trainr:\n  optimizer_config: {optimizer: {type: sgd}}\n",
        "has `trainr`: did you mean `trainer`?",
    ),
    "json.json": ('{"Trainer": {"train_steps": 3}}', "has `Trainer`: did you mean `trainer`?"),
    "train.config": (
        "model { }\ntrain_confg { batch_size: 3 }\n",
        "has `train_confg`: did you mean `train_config`?",
    ),
    "kind.config": (
        "cosine_decay_learning_rat {\n  total_steps: 5\n}\n",
        "has `cosine_decay_learning_rat`: did you mean `cosine_decay_learning_rate`?",
    ),
    "kind.yaml": (
        "exponential_decay_lerning_rate:\n  decay_steps: 5\n",
        "has `exponential_decay_lerning_rate`: did you mean `exponential_decay_learning_rate`?",
    ),
}
FAR = {
    "model.yaml": "model: {type: X}\n",
    "lightning.yaml": "trainer: {max_epochs: 3}\nmodel: {lr: 1}\ndata: {}\n",
    "triton.pbtxt": 'name: "x"\nplatform: "y"\nmax_batch_size: 8\ninput { name: "z" }\n',
    "yolo.yaml": "train: x\nval: y\nnc: 80\n",
    "training.yaml": "training:\n  steps: 5\n",
    "rates.json": '{"exchange_rates": {"EUR": 1}}',
    "labels.pbtxt": "item { id: 1 }\n",
    "deeplab2.textproto": "trainer_options { solver_options { base_learning_rate: 1 } }\n",
    "tasks.yml": "tasks:\n  - name: x\n",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def _run(*arguments: object) -> tuple[int, str, str]:
        settings_for.cache_clear()
        return cli.main(["validate", *map(str, arguments)]), *capfd.readouterr()

    return _run


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize("name", NEAR)
def test_what_is_nearly_a_config_is_named(name: str, run: Run) -> None:
    text, why = NEAR[name]
    write(name, text)
    code, out, err = run(".")
    assert (code, out) == (2, "")
    assert err.splitlines()[1:-1] == [f"not checked: {name} {why}"]
    write("good.config", GOOD)
    line = f"not checked: {name} {why}\n"
    assert run(".") == (0, f"1 file: no findings.\n{line}", "")
    assert run("--format", "json", ".") == (0, "[]\n", line)
    assert run("--format", "junit", "--output", "x.xml", ".")[1].endswith(line)
    # Naming it tells more.
    write(name, text)
    found = json.loads(run("--format", "json", name)[1])
    assert found
    assert "SB109" not in {f["code"] for f in found}


@pytest.mark.parametrize("name", FAR)
def test_what_is_something_else_is_not_named(name: str, run: Run) -> None:
    write(name, FAR[name])
    write("good.config", GOOD)
    assert run(".") == (0, "1 file: no findings.\n", "")
    assert f"{name}: not checked: is not a config\n" in run("--list-files", ".")[1]


def test_many_are_counted(run: Run) -> None:
    for number in range(8):
        write(f"{number}.config", "model { ssd { } }\n")
    write("good.config", GOOD)
    lines = run(".")[1].splitlines()
    assert len(lines) == 7
    assert lines[-1] == "not checked: 3 more, see `--list-files`"


def test_the_list_of_files_says_why(run: Run) -> None:
    write(".git/HEAD", "")
    write(".gitignore", "old/\n*.bak.config\n")
    write("pyproject.toml", '[tool.schedule-builder]\nexclude = ["third_party/"]\n')
    for name in ("a.config", "old/b.config", "c.bak.config", "third_party/d.config", "notes.txt"):
        write(name, GOOD)
    write("other/.git/HEAD", "")
    write("other/e.config", GOOD)
    write("f.yaml", "jobs: {}\n")
    Path("g.config").symlink_to("/etc/hostname")
    code, out, err = run("--list-files", ".")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "a.config: checked",
        "c.bak.config: not checked: is ignored by the repository",
        "f.yaml: not checked: is not a config",
        "g.config: not checked: is not a regular file in here",
        "old: not checked: is ignored by the repository",
        "other: not checked: is another repository",
        "third_party/d.config: not checked: is excluded by the settings",
    ]
    write("pyproject.toml", '[tool.schedule-builder]\nfiles = ["*.lr"]\n')
    assert "a.config: not checked: is not in `files` of the settings\n" in run("--list-files")[1]
    # A file that is named is checked.
    assert run("--list-files", "f.yaml", "c.bak.config")[1].count(": checked\n") == 2
    assert run("--list-files", "--filter", "notes.txt")[1].startswith("notes.txt: not checked: ")


def test_the_list_is_what_is_checked(run: Run) -> None:
    for name, (text, _) in NEAR.items():
        write(f"near/{name}", text)
    for name, text in FAR.items():
        write(f"far/{name}", text)
    write("a.config", GOOD)
    write("deep/b.yaml", "constant_learning_rate: {learning_rate: -1}\n")
    listed = run("--list-files", ".")[1].splitlines()
    assert [line for line in listed if line.endswith(": checked")] == [
        "a.config: checked",
        "deep/b.yaml: checked",
    ]
    assert "2 files" in run(".")[1]
