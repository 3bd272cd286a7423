from schedule_builder.v1 import learning_rate_pb2 as _learning_rate_pb2
from schedule_builder.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Optimizer(_message.Message):
    __slots__ = ("rms_prop_optimizer", "momentum_optimizer", "adam_optimizer", "sgd_optimizer", "adamw_optimizer", "lamb_optimizer", "lion_optimizer", "adafactor_optimizer", "adagrad_optimizer", "use_moving_average", "moving_average_decay", "learning_rate_multiplier")
    RMS_PROP_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    ADAM_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    SGD_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    ADAMW_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    LAMB_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    LION_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    ADAFACTOR_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    ADAGRAD_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    USE_MOVING_AVERAGE_FIELD_NUMBER: _ClassVar[int]
    MOVING_AVERAGE_DECAY_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    rms_prop_optimizer: RMSPropOptimizer
    momentum_optimizer: MomentumOptimizer
    adam_optimizer: AdamOptimizer
    sgd_optimizer: SgdOptimizer
    adamw_optimizer: AdamWOptimizer
    lamb_optimizer: LambOptimizer
    lion_optimizer: LionOptimizer
    adafactor_optimizer: AdafactorOptimizer
    adagrad_optimizer: AdagradOptimizer
    use_moving_average: bool
    moving_average_decay: float
    learning_rate_multiplier: _containers.RepeatedCompositeFieldContainer[LearningRateMultiplier]
    def __init__(self, rms_prop_optimizer: _Optional[_Union[RMSPropOptimizer, _Mapping[str, object]]] = ..., momentum_optimizer: _Optional[_Union[MomentumOptimizer, _Mapping[str, object]]] = ..., adam_optimizer: _Optional[_Union[AdamOptimizer, _Mapping[str, object]]] = ..., sgd_optimizer: _Optional[_Union[SgdOptimizer, _Mapping[str, object]]] = ..., adamw_optimizer: _Optional[_Union[AdamWOptimizer, _Mapping[str, object]]] = ..., lamb_optimizer: _Optional[_Union[LambOptimizer, _Mapping[str, object]]] = ..., lion_optimizer: _Optional[_Union[LionOptimizer, _Mapping[str, object]]] = ..., adafactor_optimizer: _Optional[_Union[AdafactorOptimizer, _Mapping[str, object]]] = ..., adagrad_optimizer: _Optional[_Union[AdagradOptimizer, _Mapping[str, object]]] = ..., use_moving_average: bool = ..., moving_average_decay: _Optional[float] = ..., learning_rate_multiplier: _Optional[_Iterable[_Union[LearningRateMultiplier, _Mapping[str, object]]]] = ...) -> None: ...

class LearningRateMultiplier(_message.Message):
    __slots__ = ("pattern", "factor")
    PATTERN_FIELD_NUMBER: _ClassVar[int]
    FACTOR_FIELD_NUMBER: _ClassVar[int]
    pattern: str
    factor: float
    def __init__(self, pattern: _Optional[str] = ..., factor: _Optional[float] = ...) -> None: ...

class RMSPropOptimizer(_message.Message):
    __slots__ = ("learning_rate", "momentum_optimizer_value", "decay", "epsilon")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_OPTIMIZER_VALUE_FIELD_NUMBER: _ClassVar[int]
    DECAY_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    momentum_optimizer_value: float
    decay: float
    epsilon: float
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., momentum_optimizer_value: _Optional[float] = ..., decay: _Optional[float] = ..., epsilon: _Optional[float] = ...) -> None: ...

class MomentumOptimizer(_message.Message):
    __slots__ = ("learning_rate", "momentum_optimizer_value")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_OPTIMIZER_VALUE_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    momentum_optimizer_value: float
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., momentum_optimizer_value: _Optional[float] = ...) -> None: ...

class AdamOptimizer(_message.Message):
    __slots__ = ("learning_rate", "epsilon")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    epsilon: float
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., epsilon: _Optional[float] = ...) -> None: ...

class SgdOptimizer(_message.Message):
    __slots__ = ("learning_rate", "momentum", "nesterov", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    NESTEROV_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    momentum: float
    nesterov: bool
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., momentum: _Optional[float] = ..., nesterov: bool = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class AdamWOptimizer(_message.Message):
    __slots__ = ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    AMSGRAD_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., amsgrad: bool = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class LambOptimizer(_message.Message):
    __slots__ = ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    beta_1: float
    beta_2: float
    epsilon: float
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class LionOptimizer(_message.Message):
    __slots__ = ("learning_rate", "beta_1", "beta_2", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    beta_1: float
    beta_2: float
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class AdafactorOptimizer(_message.Message):
    __slots__ = ("learning_rate", "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BETA_2_DECAY_FIELD_NUMBER: _ClassVar[int]
    EPSILON_1_FIELD_NUMBER: _ClassVar[int]
    EPSILON_2_FIELD_NUMBER: _ClassVar[int]
    CLIP_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_STEP_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    beta_2_decay: float
    epsilon_1: float
    epsilon_2: float
    clip_threshold: float
    relative_step: bool
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., beta_2_decay: _Optional[float] = ..., epsilon_1: _Optional[float] = ..., epsilon_2: _Optional[float] = ..., clip_threshold: _Optional[float] = ..., relative_step: bool = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class AdagradOptimizer(_message.Message):
    __slots__ = ("learning_rate", "initial_accumulator_value", "epsilon", "weight_decay", "exclude_from_weight_decay")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    INITIAL_ACCUMULATOR_VALUE_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    learning_rate: _learning_rate_pb2.LearningRate
    initial_accumulator_value: float
    epsilon: float
    weight_decay: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, learning_rate: _Optional[_Union[_learning_rate_pb2.LearningRate, _Mapping[str, object]]] = ..., initial_accumulator_value: _Optional[float] = ..., epsilon: _Optional[float] = ..., weight_decay: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...
