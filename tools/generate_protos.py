"""Generates schedule_builder/v1 from protos/, or checks that it is up to date.

The compiler is protoc 25.1: code of that version carries no check of the runtime, and every
protobuf from 4.25.1 to 8 loads it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parent.parent
PROTOC = Path(sys.executable).parent / "protoc"
PROTOC_VERSION = "libprotoc 25.1"


COMMENTS = Path("schedule_builder/v1/comments.json")
SCHEMAS = {
    Path("protos"): Path(),
    Path("tests/plugin"): Path("tests/plugin"),
}
"""Folders of schemas, and where the code of each goes; both mirror the packages."""


def generate(target: Path) -> None:
    """Compiles every schema into a folder that mirrors the repository."""
    version = subprocess.run([PROTOC, "--version"], check=True, capture_output=True, text=True)
    if version.stdout.strip() != PROTOC_VERSION:
        sys.exit(f"{PROTOC} is {version.stdout.strip()}, and {PROTOC_VERSION} is needed")
    for source, output in SCHEMAS.items():
        folder = target / output
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted(str(path) for path in (ROOT / source).rglob("*.proto"))
        paths = [f"-I{ROOT / source}", f"-I{ROOT / 'protos'}"]
        outputs = [f"--python_out={folder}", f"--pyi_out={folder}"]
        subprocess.run([str(PROTOC), *paths, *outputs, *files], check=True)
        for path in folder.rglob("*_pb2.pyi"):
            # protoc omits the types of mappings, which strict type checkers report.
            path.write_text(path.read_text().replace("_Mapping]", "_Mapping[str, object]]"))
    text = json.dumps(comments(), indent=0, ensure_ascii=False, sort_keys=True)
    (target / COMMENTS).write_text(text + "\n", encoding="utf-8")


def comments() -> dict[str, str]:
    """The comments of the schema, by the full name of what they are about."""
    folder = ROOT / "protos"
    files = sorted(str(path) for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as made:
        output = Path(made) / "schema"
        flags = ["--include_source_info", f"--descriptor_set_out={output}"]
        subprocess.run([str(PROTOC), f"-I{folder}", *flags, *files], check=True)
        schemas = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())
    return {
        f"{file.package}.{_name(file, list(location.path))}": _paragraph(location.leading_comments)
        for file in schemas.file
        for location in file.source_code_info.location
        # Of a file's own comments, those on its syntax are the first.
        if location.leading_comments and len(location.path) > 1
    }


def _name(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str:
    names: list[str] = []
    at: Any = file
    for number, index in zip(path[::2], path[1::2], strict=False):
        field = at.DESCRIPTOR.fields_by_number[number]
        at = getattr(at, field.name)[index]
        names.append(at.name)
    return ".".join(names)


def _paragraph(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """Generates the code, or with --check exits 1 where it differs from what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, compare only")
    if not parser.parse_args().check:
        generate(ROOT)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        made = {p.relative_to(folder): p.read_bytes() for p in Path(folder).rglob("*.*")}
    there = {COMMENTS: (ROOT / COMMENTS).read_bytes() if (ROOT / COMMENTS).exists() else b""} | {
        path.relative_to(ROOT): path.read_bytes()
        for top in ("schedule_builder", "tests")
        for path in (ROOT / top).rglob("*_pb2.py*")
        if "__pycache__" not in path.parts
    }
    stale = sorted(str(p) for p in made.keys() | there.keys() if made.get(p) != there.get(p))
    if stale:
        sys.exit(f"not what the schemas give: {', '.join(stale)}. Run: make protos")


if __name__ == "__main__":
    main()
