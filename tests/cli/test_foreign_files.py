"""Files that are named and are not configs: one error that says what they are, and no fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schedule_builder import ConfigError, cli, load
from schedule_builder.workspace.settings import settings_for

FOREIGN = {
    "data.yaml": ("train: x\nval: y\nnc: 80\n", "a YOLO data set"),
    "coco.yaml": ("path: ../coco\ntrain: a\nval: b\nnc: 2\nnames: [c, d]\n", "a YOLO data set"),
    "deeplab2.textproto": (
        'experiment_name: "x"\nmodel_options { backbone { name: "resnet50" } }\n'
        "trainer_options { solver_options { base_learning_rate: 0.0005 } }\n"
        'train_dataset_options { dataset: "cityscapes" }\n',
        "a DeepLab2 experiment",
    ),
    "labels.pbtxt": ('item { id: 1 name: "cat" }\nitem { id: 2 name: "dog" }\n', "a label map"),
    "solver.prototxt": (
        'net: "x"\nbase_lr: 0.01\nlr_policy: "step"\ngamma: 0.1\n',
        "a Caffe solver",
    ),
    "rates.csv": ("step,learning_rate\n0,0.1\n1,0.1\n", "a CSV table"),
    "rates.config": ("0.1;0.2\n0.3;0.4\n", "a CSV table"),
    "rates.yaml": ("a,b\n1,2\n3,4\n", "a CSV table"),
    "printed.config": (
        "{'model': faster_rcnn {\n  num_classes: 2\n}\n, 'train_config': batch_size: 24\n"
        "optimizer {\n  momentum_optimizer { learning_rate { } }\n}\n}\n",
        "a printed Python dict",
    ),
    "printed.yaml": (
        "{'model': ssd {\n  num_classes: 2\n}\n, 'train_config': batch_size: 2\n}\n",
        "a printed Python dict",
    ),
    "docker-compose.yml": ('version: "3"\nservices: {web: {image: x}}\n', "a Docker Compose file"),
    "mmdetection.yaml": (
        "model: {type: X}\ndata: {a: 1}\noptimizer: {type: SGD}\nlr_config: {policy: step}\n",
        "`model`, `data`, `optimizer` and `lr_config` at its top",
    ),
    "lightning.yaml": (
        "seed_everything: 1\ntrainer: {max_epochs: 3}\nmodel: {lr: 0.1}\ndata: {}\nckpt: x\n",
        "`trainer`, `model` and 2 more fields at its top",
    ),
    "package.json": ('{"a": 1, "b": {"c": 2}}', "`a` and `b` at its top"),
    "list.json": ('["cat", "dog"]\n', 'it begins with `["cat", "dog"]`'),
    "script.py": ("import os\n\nprint(os.name)\n", "it begins with `import os`"),
    "README.md": ("# Title\n\nSome words: here.\n", "it begins with `# Title`"),
}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings_for.cache_clear()


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_one_error(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    text, what = FOREIGN[name]
    Path(name).write_text(text)
    code = cli.main(["validate", "--format", "json", name])
    (found,) = json.loads(capfd.readouterr().out)
    assert code == 1
    assert (found["code"], found["severity"], found["fix"]) == ("SB109", "error", None)
    assert found["location"] == {"row": 1, "column": 1}
    assert what in found["message"]
    assert cli.main(["validate", "--fix", "--unsafe-fixes", name]) == 1
    assert Path(name).read_text() == text
    for command in ("show", "convert"):
        assert cli.main([command, name]) == 1
        err = capfd.readouterr().err
        assert err.count("SB109") == 1
    with pytest.raises(ConfigError, match="SB109"):
        load(name)
    # In a folder it is left out.
    assert cli.main(["validate", "."]) == 2


CONFIGS = {
    "misspelled.yaml": ("trainr:\n  optimizer_config: {}\n", "SB201"),
    "misspelled.config": ("cosine_decay_learning_rat {\n  total_steps: 5\n}\n", "SB201"),
    "misspelt.config": ("train_confg { num_steps: 5 }\nmodel { }\n", "SB201"),
    "model.config": ("model { ssd { num_classes: 3 } }\n", "SB301"),
    "part.yaml": ("task: {model: {}}\nruntime: {}\n", "SB314"),
    "plain.yaml": ("learning_rate: 0.1\n", "SB201"),
    "other.config": ("train_config:\n  num_steps: 5\n", "SB102"),
    "broken.config": ("learning_rate {{ 0.1\n", "SB10"),
    "keras.yaml": ("class_name: CosineDecay\nconfig: {decay_steps: 10}\n", "SB201"),
    "torch.config": ("OneCycleLR { max_lr: 0.1 }\n", "SB201"),
    "own.config": ("my_learning_rate { rate: 0.1 }\n", "SB201"),
    "page.config": ("<!DOCTYPE html>\n<html></html>\n", "SB101"),
    "empty.config": ("# nothing\n", "SB106"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_meant_as_a_config_is_judged(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    text, code = CONFIGS[name]
    Path(name).write_text(text)
    cli.main(["validate", "--format", "json", name])
    found = {f["code"] for f in json.loads(capfd.readouterr().out)}
    assert "SB109" not in found
    assert any(other.startswith(code) for other in found)
