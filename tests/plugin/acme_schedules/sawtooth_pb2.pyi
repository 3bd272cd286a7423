from schedule_builder.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Sawtooth(_message.Message):
    __slots__ = ("max_learning_rate", "min_learning_rate", "period_steps", "teeth")
    MAX_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MIN_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    PERIOD_STEPS_FIELD_NUMBER: _ClassVar[int]
    TEETH_FIELD_NUMBER: _ClassVar[int]
    max_learning_rate: float
    min_learning_rate: float
    period_steps: int
    teeth: int
    def __init__(self, max_learning_rate: _Optional[float] = ..., min_learning_rate: _Optional[float] = ..., period_steps: _Optional[int] = ..., teeth: _Optional[int] = ...) -> None: ...
