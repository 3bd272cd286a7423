"""What people install: the generated code, the wheel, and what importing it brings along."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default
from google.protobuf.message_factory import GetMessageClass

import schedule_builder as sb

ROOT = Path(__file__).parent.parent.parent
GENERATED = sorted((ROOT / "schedule_builder" / "v1").glob("*_pb2.py"))


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_generated_code_loads_on_every_runtime_that_is_allowed(path: Path) -> None:
    text = path.read_text()
    version = re.search(r"# Protobuf Python Version: ([\d.]+)", text)
    assert version
    assert f"protobuf<9,>={version[1]}" in (requires("schedule-builder") or [])
    # Newer compilers write a check of the runtime's version that older runtimes lack.
    assert "runtime_version" not in text


def test_descriptors_are_ours_alone() -> None:
    for path in GENERATED:
        text = path.read_text()
        assert "schedule_builder/v1/" in text
        assert "object_detection" not in text


def test_the_real_api_can_be_imported_in_the_same_process() -> None:
    """Its names are registered beside ours, and a message of it is a config."""
    proto = FileDescriptorProto()
    text_format.Parse(
        """
        name: "object_detection/protos/optimizer.proto"
        package: "object_detection.protos"
        message_type {
          name: "LearningRate"
          field {
            name: "constant_learning_rate" number: 1 type: TYPE_MESSAGE label: LABEL_OPTIONAL
            type_name: ".object_detection.protos.ConstantLearningRate" oneof_index: 0
          }
          oneof_decl { name: "learning_rate" }
        }
        message_type {
          name: "ConstantLearningRate"
          field {
            name: "learning_rate" number: 1 type: TYPE_FLOAT label: LABEL_OPTIONAL
            default_value: "0.002"
          }
        }
        """,
        proto,
    )
    Default().AddSerializedFile(proto.SerializeToString())
    descriptor = Default().FindMessageTypeByName("object_detection.protos.LearningRate")
    message: Any = GetMessageClass(descriptor)()
    message.constant_learning_rate.learning_rate = 0.004
    # The API's float32 0.004 is the number that was written, not 0.0040000001899898.
    assert sb.build_schedule(message)(0) == 0.004


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_what_it_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "schedule_builder/py.typed",
        "schedule_builder/v1/learning_rate_pb2.py",
        "schedule_builder/v1/learning_rate_pb2.pyi",
        "schedule_builder/v1/learning_rate.proto",
    } <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"schedule_builder"}


def test_the_wheel_and_the_source_archive_are_reproducible(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same sources give the same bytes, on any day and in any folder."""
    copy = tmp_path / "copy"
    command = [sys.executable, "-m", "hatchling", "build", "-d"]
    subprocess.run([*command, str(tmp_path / "one")], check=True, capture_output=True, cwd=ROOT)
    (archive,) = (tmp_path / "one").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(copy, filter="data")
    (sources,) = copy.iterdir()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    subprocess.run([*command, str(tmp_path / "two")], check=True, capture_output=True, cwd=sources)
    assert (tmp_path / "two" / archive.name).read_bytes() == archive.read_bytes()
    assert (tmp_path / "two" / wheel.name).read_bytes() == wheel.read_bytes()


PERMISSIVE = {"MIT", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "3-Clause BSD License"}
"""Licences that ask for nothing but their text."""


@pytest.mark.parametrize("extra", ["", "tensorflow", "legacy-keras", "plot", "server", "fmt"])
def test_what_users_install_has_a_permissive_licence(extra: str) -> None:
    """SECURITY.md lists the packages that every user has."""
    given = [r for r in requires("schedule-builder") or [] if extra or "extra ==" not in r]
    wanted = [r for r in given if not extra or f"extra == '{extra}'" in r]
    names = {re.split(r"[^\w.-]", text)[0] for text in wanted}
    listed = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for name in names:
        assert extra or f"| {name.lower()} |" in listed.lower()
        try:
            about: Any = metadata(name)  # Types of Python 3.10 know less of it.
        except PackageNotFoundError:
            continue  # such as tomli, for Python 3.10
        classifiers = about.get_all("Classifier") or []
        found = {about.get("License-Expression"), about.get("License")}
        found |= {"Apache-2.0" for text in classifiers if "Apache" in text}
        found |= {"MIT" for text in classifiers if "MIT License" in text}
        found |= {"PSF-2.0" for text in classifiers if "Python Software Foundation" in text}
        assert found & PERMISSIVE, name


def test_the_wheel_works_where_it_is_unpacked(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "import schedule_builder as sb; print(sb.__file__);"
        " print(sb.build_schedule({'constant_learning_rate': {}})(0))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    path, rate = result.stdout.split()
    assert Path(path).is_relative_to(tmp_path)
    assert rate == "0.002"


def test_the_source_distribution_holds_what_its_tests_need(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = [member.name for member in archive if member.isfile()]
    names = {name.partition("/")[2] for name in files}
    assert {
        ".ci/run",
        ".pre-commit-hooks.yaml",
        "Makefile",
        "action.yml",
        "conftest.py",
        "constraints.txt",
        "pyproject.toml",
        "tools/matrix.json",
    } <= names
    if (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files"], check=True, capture_output=True, cwd=ROOT)
        tracked = {name for name in listed.stdout.decode().splitlines() if (ROOT / name).exists()}
        assert not tracked - names


def test_base_dependencies_are_few(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        message = message_from_bytes(archive.read(metadata))
    base = [r for r in message.get_all("Requires-Dist", []) if "extra ==" not in r]
    names = sorted(re.split(r"[<>=]", r)[0] for r in base if "python_version" not in r)
    assert names == ["protobuf", "pyyaml"]
    older = [r for r in base if "python_version" in r]
    assert [re.sub(r"[ \"']", "", r) for r in older] == ["tomli>=2;python_version<3.11"]


def test_public_names() -> None:
    assert set(sb.__all__) <= set(dir(sb))
    needs = {
        "build_optax_optimizer": "jax",
        "build_optax_schedule": "jax",
        "build_torch_optimizer": "torch",
        "build_torch_scheduler": "torch",
        "partition_by_multiplier": "jax",
    }
    for name in sb.__all__:
        if name not in needs or find_spec(needs[name]):
            assert getattr(sb, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = sb.nonsense  # type: ignore[attr-defined]  # as in a user's program


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, schedule_builder; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert not {"google.protobuf", "yaml", "numpy", "tensorflow"} & set(result.stdout.split())
