from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class DecayEnd(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NO_END: _ClassVar[DecayEnd]
    END_AT_STEP: _ClassVar[DecayEnd]
    END_BEFORE_STEP: _ClassVar[DecayEnd]

class StepCount(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NO_STEPS: _ClassVar[StepCount]
    POSITION: _ClassVar[StepCount]
    LENGTH: _ClassVar[StepCount]
    PERIOD: _ClassVar[StepCount]
NO_END: DecayEnd
END_AT_STEP: DecayEnd
END_BEFORE_STEP: DecayEnd
NO_STEPS: StepCount
POSITION: StepCount
LENGTH: StepCount
PERIOD: StepCount
RULE_FIELD_NUMBER: _ClassVar[int]
rule: _descriptor.FieldDescriptor
COUNTS_STEPS_FIELD_NUMBER: _ClassVar[int]
counts_steps: _descriptor.FieldDescriptor
ENDS_DECAY_FIELD_NUMBER: _ClassVar[int]
ends_decay: _descriptor.FieldDescriptor
SURPRISING_DEFAULT_FIELD_NUMBER: _ClassVar[int]
surprising_default: _descriptor.FieldDescriptor
NOT_STRETCHABLE_FIELD_NUMBER: _ClassVar[int]
not_stretchable: _descriptor.FieldDescriptor
MAKES_PERIODS_FIELD_NUMBER: _ClassVar[int]
makes_periods: _descriptor.FieldDescriptor
SCALES_RATE_FIELD_NUMBER: _ClassVar[int]
scales_rate: _descriptor.FieldDescriptor
NOT_STRETCHABLE_VALUE_FIELD_NUMBER: _ClassVar[int]
not_stretchable_value: _descriptor.FieldDescriptor
MAKES_PRODUCT_FIELD_NUMBER: _ClassVar[int]
makes_product: _descriptor.FieldDescriptor
OPEN_FIELD_NUMBER: _ClassVar[int]
open: _descriptor.FieldDescriptor
OPAQUE_FIELD_NUMBER: _ClassVar[int]
opaque: _descriptor.FieldDescriptor
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
