from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor
RULE_FIELD_NUMBER: _ClassVar[int]
rule: _descriptor.FieldDescriptor
OPEN_FIELD_NUMBER: _ClassVar[int]
open: _descriptor.FieldDescriptor
LENIENT_FIELD_NUMBER: _ClassVar[int]
lenient: _descriptor.FieldDescriptor

class Rule(_message.Message):
    __slots__ = ("greater_than", "at_least", "less_than", "at_most", "finite", "required", "not_empty", "strictly_increasing", "selects")
    GREATER_THAN_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    LESS_THAN_FIELD_NUMBER: _ClassVar[int]
    AT_MOST_FIELD_NUMBER: _ClassVar[int]
    FINITE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    NOT_EMPTY_FIELD_NUMBER: _ClassVar[int]
    STRICTLY_INCREASING_FIELD_NUMBER: _ClassVar[int]
    SELECTS_FIELD_NUMBER: _ClassVar[int]
    greater_than: float
    at_least: float
    less_than: float
    at_most: float
    finite: bool
    required: bool
    not_empty: bool
    strictly_increasing: bool
    selects: bool
    def __init__(self, greater_than: _Optional[float] = ..., at_least: _Optional[float] = ..., less_than: _Optional[float] = ..., at_most: _Optional[float] = ..., finite: bool = ..., required: bool = ..., not_empty: bool = ..., strictly_increasing: bool = ..., selects: bool = ...) -> None: ...
