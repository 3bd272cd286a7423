"""What must hold for every input, surface by surface: each is a property of hypothesis.

Everywhere: no exceptions but the documented ones, and no finding without a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from google.protobuf import text_format
from google.protobuf.message import Message
from hypothesis import assume, given
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine, examine_bytes, examine_document
from schedule_builder.config import load
from schedule_builder.diagnostics import ConfigError, Diagnostic, Report, Source
from schedule_builder.editing.convert import convert
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.format import format_text
from schedule_builder.editing.rates import scale_rates
from schedule_builder.editing.rescale import rescale
from schedule_builder.editing.set import Setting, edit
from schedule_builder.reading import yaml_format
from schedule_builder.reading.data_trees import of_data
from schedule_builder.reading.formats import TEXT, YAML
from schedule_builder.reading.tree import Block, Scalar, Value
from schedule_builder.rules.pages import KINDS
from schedule_builder.schedules.comparison import first_difference
from schedule_builder.workspace.baseline import Baseline
from schedule_builder.workspace.fixes import fix
from schedule_builder.workspace.request import Request
from schedule_builder.workspace.settings import Settings, SettingsError, read_settings
from tests.fuzz import inputs

REQUEST = Request(settings=Settings())
PROTOBUF_TAKES = frozenset(("SB201", "SB204", "SB205", "SB207"))
"""What is an error here and not for protobuf, which is told to skip unknown fields.

Names that are not checked, and the bounds of the schema's options.
"""


def encoded(text: str) -> bytes:
    """A text as bytes, which lone surrogates make invalid."""
    return text.encode("utf-8", "surrogatepass")


def check_places(text: str, found: Iterable[Diagnostic]) -> None:
    """Every finding stands in the text, and can be read."""
    lines = text.split("\n")
    for diagnostic in found:
        places = [(diagnostic, diagnostic.row, diagnostic.column)]
        places.append((diagnostic, diagnostic.end_row, diagnostic.end_column))
        for related in diagnostic.related:
            places += [(diagnostic, related.row, related.column)] * (not related.filename)
        for _, row, column in places:
            assert 1 <= row <= len(lines), diagnostic
            assert 1 <= column <= len(lines[row - 1]) + 1, diagnostic
        start = diagnostic.row, diagnostic.column
        assert start <= (diagnostic.end_row, diagnostic.end_column), diagnostic
        assert diagnostic.code in KINDS
        assert diagnostic.message.strip(), diagnostic.code


def read(name: str, text: str) -> Config:
    """A file, with what must hold for any."""
    config = examine_bytes(encoded(text), name)
    # Of what is not UTF-8 there is no document.
    is_text = config.document.source.text or not text
    check_places(config.document.source.text if is_text else text, config.diagnostics)
    is_wrong = any(d.severity == "error" for d in config.diagnostics)
    assert config.schedule is None or not is_wrong
    assert config.schedule is not None or is_wrong or "SB314" in codes(config.diagnostics)
    return config


def codes(found: Iterable[Diagnostic], severity: str = "") -> set[str]:
    return {d.code for d in found if severity in ("", d.severity)}


def syntax_errors(found: Iterable[Diagnostic]) -> set[str]:
    return {d.code for d in found if d.code.startswith("SB1") and d.severity == "error"}


def check_fixes(name: str, text: str, before: Config) -> None:
    """Fixes add no syntax error, keep the schedule if they are safe, and are made once."""
    data = encoded(text)
    for unsafe in (False, True):
        fixed, made = fix(data, name, REQUEST, unsafe=unsafe)
        if not made:
            assert fixed == data
            continue
        assert fix(fixed, name, REQUEST, unsafe=unsafe) == (fixed, 0)
        after = examine_bytes(fixed, name)
        check_places(after.document.source.text, after.diagnostics)
        assert syntax_errors(after.diagnostics) <= syntax_errors(before.diagnostics)
        if not unsafe and before.schedule is not None:
            assert after.schedule is not None
            assert first_difference(before.schedule, after.schedule) is None


# --- reading ------------------------------------------------------------------------------------


@given(inputs.files(TEXT))
def text_format_files(file: tuple[str, str]) -> None:
    """Text format: what protobuf's own parser takes, with the same values."""
    name, text = file
    config = read(name, text)
    check_fixes(name, text, config)
    source = config.document.source.text
    errors = codes(config.diagnostics, "error")
    wanted = parsed_by_protobuf(source, type(config.message))
    if wanted is None:
        assert any(code < "SB3" for code in errors), config.diagnostics
    elif not any(code < "SB3" for code in errors):
        assert same(config.message, wanted)


def parsed_by_protobuf(text: str, kind: type[Message]) -> Message | None:
    """What protobuf makes of a text; None where it refuses it."""
    # It has no patience with extensions of a message that declares none.
    text = re.sub(r"^\[[\w.]+\]", "extension", text, flags=re.MULTILINE)
    try:
        return text_format.Parse(text, kind(), allow_unknown_field=True)
    except text_format.ParseError:
        return None


def same(one: Message, other: Message) -> bool:
    """Whether messages are equal, NaN included."""
    return text_format.MessageToString(one) == text_format.MessageToString(other)


class _AsWritten(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the one that the package takes
    """PyYAML's own tree, with every value as it is written."""


_AsWritten.yaml_implicit_resolvers = {}


@given(inputs.files(YAML))
def yaml_files(file: tuple[str, str]) -> None:
    """YAML: what PyYAML takes, with the same values as they are written."""
    name, text = file
    config = read(name, text)
    check_fixes(name, text, config)
    source = config.document.source.text
    if not source or (
        name.endswith(".json") and re.search(r"[\x80-\x9f\u2028\u2029\ufeff]", source)
    ):
        # Bytes that are not UTF-8 have no document, and in JSON's texts these do not end lines.
        return
    report = Report(Source(name, source))
    tree = yaml_format.read(report.source, report).root
    try:
        wanted = yaml.load(source, Loader=_AsWritten)
    except (yaml.YAMLError, RecursionError) as error:
        # YAML 1.2 allows an anchor to be given again.
        assert report.has_errors or "duplicate anchor" in str(error), source
        return
    if not report.has_errors:
        assert as_data(tree) == without_merges(wanted)


def as_data(node: Value) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Block):
        return {f.name: as_data(f.value) for f in node.fields if f.name != "<<"}
    return [as_data(item) for item in node.items]


def without_merges(data: Any) -> Any:
    """Data without merge keys, which a tree keeps apart."""
    if isinstance(data, dict):
        return {key: without_merges(value) for key, value in data.items() if key != "<<"}
    return [without_merges(item) for item in data] if isinstance(data, list) else data


@given(st.dictionaries(st.sampled_from(inputs.NAMES), inputs.data, max_size=4))
def binding(data: dict[str, Any]) -> None:
    """Plain data of any shape: a config, or located findings."""
    try:
        document, report = of_data(data, "<dict>")
    except TypeError as error:
        assert "holds only what JSON does" in str(error)
        return
    config = examine_document(document, report)
    check_places(config.document.source.text, config.diagnostics)
    try:
        assert load(data).schedule is not None
    except ConfigError as error:
        assert error.diagnostics


# --- rules --------------------------------------------------------------------------------------

_POLICY = {"require-warmup": True, "require-end-at-num-steps": True, "max-learning-rate": 0.5}


@given(
    inputs.messages(),
    st.sampled_from([None, 1, 2, 100, 2**31, 2**63 - 1]) | st.integers(1, 10_000),
    st.sampled_from([None, 1, 64, 2**31]),
    st.booleans(),
)
def rules(message: Message, num_steps: int | None, batch_size: int | None, strict: bool) -> None:
    """Any values that the schema has: finite rates, or located findings."""
    text = text_format.MessageToString(message)
    settings = Settings(policy=_POLICY if strict else {})
    config = examine(
        Source("a.config", text), num_steps=num_steps, batch_size=batch_size, settings=settings
    )
    check_places(text, config.diagnostics)
    for found in config.diagnostics:
        # What is given is quoted; what is computed is never NaN but where that is the finding.
        is_computed = found.code > "SB3" and found.code != "SB309"
        assert not is_computed or "nan" not in re.findall(r"\w+", found.message), found
    if config.schedule is not None:
        begins = config.schedule.begins
        # A run without an end can grow beyond any number after its last boundary.
        last = config.num_steps - 1 if config.num_steps else begins[-1]
        for step in {0, 1, last // 2, last, *begins}:
            if step <= last:
                assert 0 <= config.schedule(step) < float("inf"), step
        str(config.schedule)
    if not strict:
        check_fixes("a.config", text, examine(Source("a.config", text)))


# --- rewriting ----------------------------------------------------------------------------------


@given(
    inputs.files(),
    st.sampled_from(inputs.NAMES),
    inputs.numbers | st.sampled_from(inputs.WORDS) | st.none() | st.text(max_size=4),
    st.integers(1, 5000),
    st.floats(1e-3, 1e3),
)
def rewriting(
    file: tuple[str, str], field: str, value: str | None, num_steps: int, factor: float
) -> None:
    """What is written is read again as what was meant, and written again as it is."""
    name, text = file
    config = read(name, text)
    text = config.document.source.text
    check_setting(config, Setting(field, value))
    check_format(name, text)
    assume(not syntax_errors(config.diagnostics))
    if config.schedule is not None:
        check_rescaling(config, num_steps)
        check_scaling(config, factor)
    if not codes(config.diagnostics, "error"):
        check_conversion(config)


def check_setting(config: Config, setting: Setting) -> None:
    try:
        edited = edit(config, [setting])
    except EditingError:
        return
    check_places(edited.text, edited.config.diagnostics)
    assert not codes(edited.findings, "error")
    again = edit(edited.config, [setting])
    assert again.text == edited.text
    assert not again.changes


def check_format(name: str, text: str) -> None:
    try:
        written = format_text(name, text)
    except (EditingError, ModuleNotFoundError):
        return
    assert format_text(name, written) == written
    before, after = (examine(Source(name, t)) for t in (text, written))
    assert same(before.message, after.message)
    assert sorted(codes(before.diagnostics)) == sorted(codes(after.diagnostics))


def check_rescaling(config: Config, num_steps: int) -> None:
    try:
        text = rescale(config, num_steps)
    except (EditingError, ConfigError):
        return
    after = examine(Source(config.filename, text))
    assert after.schedule is not None
    assert after.num_steps == num_steps
    assert rescale(after, num_steps) == text


def check_scaling(config: Config, factor: float) -> None:
    try:
        edited = scale_rates(config, factor)
    except EditingError:
        return
    assert config.schedule is not None
    assert edited.config.schedule is not None
    for step in {0, 1, *config.schedule.begins}:
        wanted = config.schedule(step) * factor
        assert abs(edited.config.schedule(step) - wanted) <= 1e-6 * abs(wanted) + 1e-45


def check_conversion(config: Config) -> None:
    for file_format, name in ((YAML, "b.yaml"), (TEXT, "b.config")):
        try:
            text = convert(config, file_format)
        except EditingError:
            continue
        after = examine(Source(name, text))
        assert same(after.message, config.message), text
        # What YAML gives twice, the last value of which counts, is written once.
        assert codes(after.diagnostics) <= codes(config.diagnostics), text
        assert convert(after, file_format) == text


# --- settings and baselines ---------------------------------------------------------------------

_SETTINGS = """[tool.schedule-builder]
select = ["SB4", "ends-early"]
ignore = []
num-steps = 1000
fail-on = "warning"
exclude = ["a/*.config", "!b"]
baseline = "known.json"
severity = {SB402 = "error"}
[tool.schedule-builder.per-file-ignores]
"old/" = ["SB404"]
[tool.schedule-builder.thresholds]
latest-rise-fraction = 0.1
[tool.schedule-builder.policy]
max-learning-rate = {adam = 0.01}
require-warmup = true
"""
_BASELINE = """{"version": 1, "findings": [
    {"file": "a.config", "code": "SB402", "path": "a[0].b", "line": "0011aabb", "count": 2}]}
"""
_SETTING_PIECES = st.one_of(
    st.sampled_from([
        *("[", "]", "{", "}", "=", '"', "'", '"""', "\n", ",", ".", "\\", "true", "1e999", "nan"),
        *("[[tool.schedule-builder]]", "[tool]", "1979-05-27", "**", "[!a", "../", "/", "\0"),
        *('"SB402"', "[" * 20_000, "{" * 300, "9" * 5000, "null", "-1", "1.5", "[]", "{}"),
    ]),
    st.sampled_from(inputs.ODD),
    st.text(max_size=4),
)  # fmt: skip


@given(inputs.changed(_SETTINGS, _SETTING_PIECES), inputs.changed(_BASELINE, _SETTING_PIECES))
def settings_and_baselines(toml: str, known: str) -> None:
    """Settings and baselines, whatever is in them: one clear error, or the findings as always."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "pyproject.toml")
        path.write_bytes(encoded(toml))
        settings = Settings()
        try:
            settings = read_settings(path) or settings
        except SettingsError as error:
            assert str(path) in str(error)
        name = str(Path(folder, "a.config"))
        text = inputs.SEEDS[0].read_text(encoding="utf-8")
        config = examine(Source(name, text), settings=settings)
        found = settings.judged(config.diagnostics, name)
        assert codes(found) <= codes(config.diagnostics)
        baseline = Baseline(Path(folder, "known.json"))
        baseline.path.write_bytes(encoded(known))
        try:
            assert set(baseline.unknown(found, {name: text})) <= set(found)
            baseline.compare(found, [name], {name: text}, Request(settings=settings))
        except SettingsError as error:
            assert str(baseline.path) in str(error)
        baseline.write(config.diagnostics, {name: text})
        assert baseline.unknown(config.diagnostics, {name: text}) == []


# --- the language server ------------------------------------------------------------------------

_POSITIONS = st.fixed_dictionaries({
    "line": st.integers(0, 30) | st.just(2**31 - 1),
    "character": st.integers(0, 60) | st.just(2**31 - 1),
})  # fmt: skip
_RANGES = st.fixed_dictionaries({"start": _POSITIONS, "end": _POSITIONS})
_CHANGES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"range": _RANGES, "text": inputs.pieces(False)}),
        st.fixed_dictionaries({"text": inputs.pieces(True)}),
    ),
    max_size=4,
)


@given(
    inputs.files(), _CHANGES, _POSITIONS, _RANGES, st.sampled_from(["utf-8", "utf-16", "utf-32"])
)
def server_messages(
    file: tuple[str, str], changes: list[Any], position: Any, place: Any, encoding: str
) -> None:
    """The language server: documents, changes and every request about any position."""
    from lsprotocol import types
    from lsprotocol.converters import get_converter
    from pygls.workspace import PositionCodec, TextDocument

    from schedule_builder.language_server import answers
    from schedule_builder.language_server.analysis import Analysis
    from schedule_builder.language_server.documents import OpenDocument
    from schedule_builder.language_server.server import REQUESTS

    name, text = file
    uri = f"file:///nowhere/{name}"
    text = text.encode("utf-8", "replace").decode()
    converter = get_converter()
    codec = PositionCodec(encoding)
    document = OpenDocument(TextDocument(uri, text, 1, "", position_codec=codec))
    for change in changes:
        extent = "Partial" if "range" in change else "WholeDocument"
        made = getattr(types, f"TextDocumentContentChange{extent}")
        document.apply_change(converter.structure(change, made))
    snapshot = document.snapshot()
    assert "".join(snapshot.lines) == document.source
    analysis = Analysis(snapshot)
    if analysis.config.document.source.text:
        check_places(analysis.config.document.source.text, analysis.config.diagnostics)
    replies: list[Any] = [answers.diagnostics(analysis)]
    asked = {
        "textDocument": {"uri": uri}, "position": position, "range": place,
        "context": {"diagnostics": [], "triggerKind": 1},
        "options": {"tabSize": 2, "insertSpaces": True},
    }  # fmt: skip
    for method in REQUESTS:
        function = "".join(
            f"_{c.lower()}" if c.isupper() else c for c in method.removeprefix("textDocument/")
        )
        kind: Any = types.METHOD_TO_TYPES[method][2]
        parameters: Any = converter.structure(asked, kind)
        options = {"with_snippets": True} if function == "completion" else {}
        with suppress(EditingError) if function == "formatting" else nullcontext():
            replies.append(getattr(answers, function)(analysis, parameters, **options))
    for reply in replies:
        check_ranges(converter.unstructure(reply), snapshot, codec)


def check_ranges(reply: Any, snapshot: Any, codec: Any) -> None:
    """Every position in a reply is one of the document."""
    if isinstance(reply, dict):
        if reply.keys() >= {"line", "character"}:
            assert reply["line"] < len(snapshot.lines), reply
            line = snapshot.lines[reply["line"]]
            assert reply["character"] <= codec.client_num_units(line), reply
        for value in reply.values():
            check_ranges(value, snapshot, codec)
    elif isinstance(reply, list):
        for item in reply:
            check_ranges(item, snapshot, codec)


SURFACES: dict[str, Callable[..., None]] = {
    "text": text_format_files,
    "yaml": yaml_files,
    "binding": binding,
    "rules": rules,
    "rewriting": rewriting,
    "settings": settings_and_baselines,
    "server": server_messages,
}
