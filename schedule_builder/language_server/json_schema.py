"""A JSON Schema of configs in YAML and JSON, for editors and other validators.

It is made from the descriptors that configs are bound with. Every file that it refuses has errors
here as well. It does not find what only rules can find.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.message import Message

from schedule_builder.dialects.registry import DIALECTS
from schedule_builder.language_server.snippets import example
from schedule_builder.reading.descriptions import comment, describe
from schedule_builder.reading.fields import FieldSchema, is_lenient, is_opaque, is_open, schema_of
from schedule_builder.rules.pages import SITE

DRAFT = "http://json-schema.org/draft-07/schema#"
# Numbers that are texts in YAML 1.1, and not in YAML 1.2.
_NUMBER_TEXT = r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$|^0o[0-7]+$"

_NUMBER_MESSAGE = "a number is expected, such as 0.1 or 1e-3"
FILE_NAME = "schedule-builder.schema.json"
"""The name of the schema on the documentation site."""
FILE_PATTERNS = ("*.schedule.yaml", "*.schedule.yml", "*.schedule.json")
"""The files that editors apply it to by their names alone."""
_COSINE = {"initial_learning_rate": "^${1:0.1}", "decay_steps": "^${2:10000}"}
_WHOLE: dict[str, Any] = {
    "pipeline": {
        "train_config": {
            "num_steps": "^${2:10000}",
            "optimizer": {
                "momentum_optimizer": {
                    "learning_rate": {
                        "cosine_decay_learning_rate": {
                            "learning_rate_base": "^${1:0.1}",
                            "total_steps": "^${2:10000}",
                            "warmup_learning_rate": "^${3:0.01}",
                            "warmup_steps": "^${4:500}",
                        }
                    }
                }
            },
        }
    },
    "experiment": {
        "trainer": {
            "train_steps": "^${2:10000}",
            "optimizer_config": {
                "optimizer": {"type": "sgd", "sgd": {"momentum": "^${3:0.9}"}},
                "learning_rate": {"type": "cosine", "cosine": _COSINE},
            },
        }
    },
    "learning rate": {
        "polynomial_decay_learning_rate": _COSINE,
        "warmup": {"warmup_steps": "^${3:500}"},
    },
}
"""A file of each config system, with tab stops; `^` marks a value that is not a text."""


def json_schema() -> dict[str, Any]:
    """The schema of all configs, as plain data."""
    definitions: dict[str, Any] = {}
    roots = [dialect.root for dialect in DIALECTS]
    refs = [_reference(root.DESCRIPTOR, definitions) for root in roots]
    chosen: Any = refs[-1]
    for root, ref in list(zip(roots, refs, strict=True))[-2::-1]:
        chosen = {"if": _has_any(root), "then": ref, "else": chosen}
    return {
        "$schema": DRAFT,
        "$id": f"{SITE}{FILE_NAME}",
        "title": "Learning-rate schedules: pipelines, experiments and learning rates",
        "description": "Configs of the TensorFlow Object Detection API, of the Model Garden and of"
        " schedule-builder, in YAML and JSON.",
        "type": "object",
        # The names at the top: editors offer no names of a branch that is not decided yet.
        "properties": _beginnings(roots, definitions),
        "defaultSnippets": [
            {"label": label, "description": f"A new {label}", "body": body}
            for label, body in _WHOLE.items()
        ],
        **chosen,
        "definitions": dict(sorted(definitions.items())),
    }


def _beginnings(roots: list[type[Message]], definitions: dict[str, Any]) -> dict[str, Any]:
    """The fields at the top of all files; an ambiguous name has only a title."""
    found: dict[str, list[Any]] = {}
    for root in roots:
        for name, field in schema_of(root.DESCRIPTOR).items():
            found.setdefault(name, []).append(_field(field, root.DESCRIPTOR, definitions))
    return {
        name: schemas[0] if all(s == schemas[0] for s in schemas) else {"title": name}
        for name, schemas in found.items()
    }


def _has_any(root: type[Message]) -> dict[str, Any]:
    """Whether a top-level field says that a file is of a type."""
    return {"anyOf": [_has(field.name) for field in root.DESCRIPTOR.fields]}


def _reference(descriptor: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = descriptor.full_name.rpartition(".v1.")[2]
    if name not in definitions:
        definitions[name] = {}  # A message may contain itself.
        definitions[name] = _message(descriptor, definitions)
    return {"$ref": f"#/definitions/{name}"}


def _has(name: str) -> dict[str, Any]:
    """The schema for a field that is given. Strict validators want it among the properties too."""
    return {"properties": {name: True}, "required": [name]}


def _message(descriptor: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if descriptor.full_name == "google.protobuf.Any":
        return {"type": "object", "properties": {"@type": {"type": "string"}}}
    title = descriptor.full_name.rpartition(".v1.")[2].replace(".", " ")
    schema: dict[str, Any] = {"title": title, "type": "object"}
    if text := comment(descriptor.full_name):
        schema["description"] = text
    if is_opaque(descriptor):
        return schema
    fields = schema_of(descriptor)
    schema["properties"] = {
        name: _field(field, descriptor, definitions) for name, field in fields.items()
    }
    # In a block with a `type`, the required fields depend on the type.
    is_selected = any(f.rule.selects for f in fields.values())
    required = [name for name, f in fields.items() if _is_required(f)]
    if required and not _is_selectable(descriptor):
        schema["required"] = required
    if snippet := _snippet(fields, required):
        schema["defaultSnippets"] = [snippet]
    if not is_open(descriptor):
        schema["additionalProperties"] = False
    conditions = [_at_most_one(oneof) for oneof in descriptor.oneofs if len(oneof.fields) > 1]
    if is_selected:
        conditions += _selected(fields)
    if conditions:
        schema["allOf"] = conditions
    return schema


def _snippet(fields: dict[str, FieldSchema], required: list[str]) -> dict[str, Any] | None:
    """The required values of a block, as an editor writes them."""
    names = [name for name in required if fields[name].kind in ("integer", "real")]
    if not names or len(names) < len(required):
        return None
    body = {}
    for stop, name in enumerate(names, 1):
        value = f"${{{stop}:{example(fields[name])}}}"
        body[name] = [f"^{value}"] if fields[name].repeated else f"^{value}"
    return {"label": "required fields", "description": ", ".join(names), "body": body}


def _is_required(field: FieldSchema) -> bool:
    return bool(field.rule.required or field.rule.not_empty)


def _is_selectable(descriptor: Any) -> bool:
    """Whether messages of a type are sub-blocks that count only where a `type` names them."""
    return any(
        field.is_selectable and field.message is descriptor
        for owner in descriptor.file.message_types_by_name.values()
        for field in schema_of(owner).values()
    )


def _at_most_one(oneof: Any) -> dict[str, Any]:
    each = [_has(field.name) for field in oneof.fields]
    return {"oneOf": [*each, {"not": {"anyOf": each}}]}


def _selected(fields: dict[str, FieldSchema]) -> list[dict[str, Any]]:
    """The requirements for the block that `type` selects."""
    selector = next(name for name, field in fields.items() if field.rule.selects)
    conditions = []
    for name, field in fields.items():
        required = []
        if field.is_selectable:
            required = [n for n, f in schema_of(field.message).items() if _is_required(f)]
        if required:
            chosen = {"properties": {selector: {"const": name}}, "required": [selector]}
            inner = {"properties": dict.fromkeys(required, True), "required": required}
            needed = {"properties": {name: inner}, "required": [name]}
            conditions.append({"if": chosen, "then": needed})
    return conditions


def _field(field: FieldSchema, owner: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    lenient = is_lenient(owner)
    schema = _value(field, owner, definitions)
    if field.repeated:
        items = schema
        schema = {"type": "array", "items": items}
        if field.rule.not_empty:
            schema["minItems"] = 1
        if lenient and field.kind == "string":
            schema = {"anyOf": [schema, items]}
    if lenient:
        schema = {"anyOf": [schema, {"type": "null"}]}
    sentences = [describe(owner.fields_by_name[field.name])]
    if field.counts_steps:
        sentences.append("In steps, or in the `step_unit`." if not lenient else "In steps.")
    if field.default is not None and not field.repeated:
        default = field.default
        if field.enum is not None:
            default = field.enum.values_by_number[default].name
        schema["default"] = default
        sentences.append(f"Default: {json.dumps(default)}.")
    schema["title"] = field.name
    schema["description"] = " ".join(filter(None, sentences))
    return schema


def _value(field: FieldSchema, owner: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if field.message is not None:
        return _reference(field.message, definitions)
    if field.enum is not None:
        values = field.enum.values
        return {"enum": [*(v.name for v in values), *(v.number for v in values)]}
    if field.rule.selects and not is_open(owner):
        return {"enum": [f.name for f in schema_of(owner).values() if f.is_selectable] + [""]}
    if field.kind == "bool":
        return {"type": "boolean"}
    if field.kind == "string":
        return {"type": ["string", "number", "boolean"]}
    return _number(field)


def _number(field: FieldSchema) -> dict[str, Any]:
    is_integer = field.kind == "integer"
    schema: dict[str, Any] = {
        "type": ["integer" if is_integer else "number", "string"],
        "pattern": _NUMBER_TEXT,
        "patternErrorMessage": _NUMBER_MESSAGE,
    }
    low, high = field.limits
    if is_integer:
        schema |= {"minimum": low, "maximum": high}
    rule = field.rule
    for name, keyword in (
        ("at_least", "minimum"),
        ("at_most", "maximum"),
        ("greater_than", "exclusiveMinimum"),
        ("less_than", "exclusiveMaximum"),
    ):
        if rule.HasField(name):
            bound = getattr(rule, name)
            schema[keyword] = int(bound) if is_integer else bound
    return schema
