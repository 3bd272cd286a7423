from schedule_builder.v1 import options_pb2 as _options_pb2
from schedule_builder.v1 import pipeline_pb2 as _pipeline_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExperimentConfig(_message.Message):
    __slots__ = ("task", "trainer", "runtime")
    TASK_FIELD_NUMBER: _ClassVar[int]
    TRAINER_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    task: TaskConfig
    trainer: TrainerConfig
    runtime: _pipeline_pb2.Opaque
    def __init__(self, task: _Optional[_Union[TaskConfig, _Mapping[str, object]]] = ..., trainer: _Optional[_Union[TrainerConfig, _Mapping[str, object]]] = ..., runtime: _Optional[_Union[_pipeline_pb2.Opaque, _Mapping[str, object]]] = ...) -> None: ...

class TaskConfig(_message.Message):
    __slots__ = ("train_data",)
    TRAIN_DATA_FIELD_NUMBER: _ClassVar[int]
    train_data: DataConfig
    def __init__(self, train_data: _Optional[_Union[DataConfig, _Mapping[str, object]]] = ...) -> None: ...

class DataConfig(_message.Message):
    __slots__ = ("global_batch_size",)
    GLOBAL_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    global_batch_size: int
    def __init__(self, global_batch_size: _Optional[int] = ...) -> None: ...

class TrainerConfig(_message.Message):
    __slots__ = ("optimizer_config", "train_steps", "steps_per_loop")
    OPTIMIZER_CONFIG_FIELD_NUMBER: _ClassVar[int]
    TRAIN_STEPS_FIELD_NUMBER: _ClassVar[int]
    STEPS_PER_LOOP_FIELD_NUMBER: _ClassVar[int]
    optimizer_config: OptimizationConfig
    train_steps: int
    steps_per_loop: int
    def __init__(self, optimizer_config: _Optional[_Union[OptimizationConfig, _Mapping[str, object]]] = ..., train_steps: _Optional[int] = ..., steps_per_loop: _Optional[int] = ...) -> None: ...

class OptimizationConfig(_message.Message):
    __slots__ = ("optimizer", "ema", "learning_rate", "warmup")
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    EMA_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_FIELD_NUMBER: _ClassVar[int]
    optimizer: OptimizerConfig
    ema: EMAConfig
    learning_rate: LrConfig
    warmup: WarmupConfig
    def __init__(self, optimizer: _Optional[_Union[OptimizerConfig, _Mapping[str, object]]] = ..., ema: _Optional[_Union[EMAConfig, _Mapping[str, object]]] = ..., learning_rate: _Optional[_Union[LrConfig, _Mapping[str, object]]] = ..., warmup: _Optional[_Union[WarmupConfig, _Mapping[str, object]]] = ...) -> None: ...

class LrConfig(_message.Message):
    __slots__ = ("type", "constant", "stepwise", "exponential", "polynomial", "cosine", "power", "power_linear", "power_with_offset", "step_cosine_with_offset")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CONSTANT_FIELD_NUMBER: _ClassVar[int]
    STEPWISE_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_FIELD_NUMBER: _ClassVar[int]
    POLYNOMIAL_FIELD_NUMBER: _ClassVar[int]
    COSINE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    POWER_LINEAR_FIELD_NUMBER: _ClassVar[int]
    POWER_WITH_OFFSET_FIELD_NUMBER: _ClassVar[int]
    STEP_COSINE_WITH_OFFSET_FIELD_NUMBER: _ClassVar[int]
    type: str
    constant: ConstantLrConfig
    stepwise: StepwiseLrConfig
    exponential: ExponentialLrConfig
    polynomial: PolynomialLrConfig
    cosine: CosineLrConfig
    power: DirectPowerLrConfig
    power_linear: PowerAndLinearDecayLrConfig
    power_with_offset: PowerDecayWithOffsetLrConfig
    step_cosine_with_offset: StepCosineLrConfig
    def __init__(self, type: _Optional[str] = ..., constant: _Optional[_Union[ConstantLrConfig, _Mapping[str, object]]] = ..., stepwise: _Optional[_Union[StepwiseLrConfig, _Mapping[str, object]]] = ..., exponential: _Optional[_Union[ExponentialLrConfig, _Mapping[str, object]]] = ..., polynomial: _Optional[_Union[PolynomialLrConfig, _Mapping[str, object]]] = ..., cosine: _Optional[_Union[CosineLrConfig, _Mapping[str, object]]] = ..., power: _Optional[_Union[DirectPowerLrConfig, _Mapping[str, object]]] = ..., power_linear: _Optional[_Union[PowerAndLinearDecayLrConfig, _Mapping[str, object]]] = ..., power_with_offset: _Optional[_Union[PowerDecayWithOffsetLrConfig, _Mapping[str, object]]] = ..., step_cosine_with_offset: _Optional[_Union[StepCosineLrConfig, _Mapping[str, object]]] = ...) -> None: ...

class ConstantLrConfig(_message.Message):
    __slots__ = ("name", "learning_rate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    learning_rate: float
    def __init__(self, name: _Optional[str] = ..., learning_rate: _Optional[float] = ...) -> None: ...

class StepwiseLrConfig(_message.Message):
    __slots__ = ("name", "boundaries", "values", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BOUNDARIES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    boundaries: _containers.RepeatedScalarFieldContainer[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    offset: int
    def __init__(self, name: _Optional[str] = ..., boundaries: _Optional[_Iterable[int]] = ..., values: _Optional[_Iterable[float]] = ..., offset: _Optional[int] = ...) -> None: ...

class ExponentialLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "decay_steps", "decay_rate", "staircase", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    STAIRCASE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool
    offset: int
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., decay_rate: _Optional[float] = ..., staircase: bool = ..., offset: _Optional[int] = ...) -> None: ...

class PolynomialLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    END_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float
    power: float
    cycle: bool
    offset: int
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., end_learning_rate: _Optional[float] = ..., power: _Optional[float] = ..., cycle: bool = ..., offset: _Optional[int] = ...) -> None: ...

class CosineLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "decay_steps", "alpha", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    decay_steps: int
    alpha: float
    offset: int
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., alpha: _Optional[float] = ..., offset: _Optional[int] = ...) -> None: ...

class DirectPowerLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "power")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    power: float
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., power: _Optional[float] = ...) -> None: ...

class PowerAndLinearDecayLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "total_decay_steps", "power", "linear_decay_fraction", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    LINEAR_DECAY_FRACTION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    total_decay_steps: int
    power: float
    linear_decay_fraction: float
    offset: int
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., total_decay_steps: _Optional[int] = ..., power: _Optional[float] = ..., linear_decay_fraction: _Optional[float] = ..., offset: _Optional[int] = ...) -> None: ...

class PowerDecayWithOffsetLrConfig(_message.Message):
    __slots__ = ("name", "initial_learning_rate", "power", "offset", "pre_offset_learning_rate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PRE_OFFSET_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    initial_learning_rate: float
    power: float
    offset: int
    pre_offset_learning_rate: float
    def __init__(self, name: _Optional[str] = ..., initial_learning_rate: _Optional[float] = ..., power: _Optional[float] = ..., offset: _Optional[int] = ..., pre_offset_learning_rate: _Optional[float] = ...) -> None: ...

class StepCosineLrConfig(_message.Message):
    __slots__ = ("name", "boundaries", "values", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BOUNDARIES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    boundaries: _containers.RepeatedScalarFieldContainer[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    offset: int
    def __init__(self, name: _Optional[str] = ..., boundaries: _Optional[_Iterable[int]] = ..., values: _Optional[_Iterable[float]] = ..., offset: _Optional[int] = ...) -> None: ...

class WarmupConfig(_message.Message):
    __slots__ = ("type", "linear", "polynomial")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    LINEAR_FIELD_NUMBER: _ClassVar[int]
    POLYNOMIAL_FIELD_NUMBER: _ClassVar[int]
    type: str
    linear: LinearWarmupConfig
    polynomial: PolynomialWarmupConfig
    def __init__(self, type: _Optional[str] = ..., linear: _Optional[_Union[LinearWarmupConfig, _Mapping[str, object]]] = ..., polynomial: _Optional[_Union[PolynomialWarmupConfig, _Mapping[str, object]]] = ...) -> None: ...

class LinearWarmupConfig(_message.Message):
    __slots__ = ("name", "warmup_learning_rate", "warmup_steps")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WARMUP_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    warmup_learning_rate: float
    warmup_steps: int
    def __init__(self, name: _Optional[str] = ..., warmup_learning_rate: _Optional[float] = ..., warmup_steps: _Optional[int] = ...) -> None: ...

class PolynomialWarmupConfig(_message.Message):
    __slots__ = ("name", "power", "warmup_steps")
    NAME_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    power: float
    warmup_steps: int
    def __init__(self, name: _Optional[str] = ..., power: _Optional[float] = ..., warmup_steps: _Optional[int] = ...) -> None: ...

class EMAConfig(_message.Message):
    __slots__ = ("name", "trainable_weights_only", "average_decay", "start_step", "dynamic_decay")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TRAINABLE_WEIGHTS_ONLY_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_DECAY_FIELD_NUMBER: _ClassVar[int]
    START_STEP_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_DECAY_FIELD_NUMBER: _ClassVar[int]
    name: str
    trainable_weights_only: bool
    average_decay: float
    start_step: int
    dynamic_decay: bool
    def __init__(self, name: _Optional[str] = ..., trainable_weights_only: bool = ..., average_decay: _Optional[float] = ..., start_step: _Optional[int] = ..., dynamic_decay: bool = ...) -> None: ...

class OptimizerConfig(_message.Message):
    __slots__ = ("type", "sgd", "sgd_experimental", "adam", "adam_experimental", "adamw", "adamw_experimental", "lamb", "rmsprop", "lars", "adagrad", "slide", "adafactor", "adafactor_keras", "lion")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SGD_FIELD_NUMBER: _ClassVar[int]
    SGD_EXPERIMENTAL_FIELD_NUMBER: _ClassVar[int]
    ADAM_FIELD_NUMBER: _ClassVar[int]
    ADAM_EXPERIMENTAL_FIELD_NUMBER: _ClassVar[int]
    ADAMW_FIELD_NUMBER: _ClassVar[int]
    ADAMW_EXPERIMENTAL_FIELD_NUMBER: _ClassVar[int]
    LAMB_FIELD_NUMBER: _ClassVar[int]
    RMSPROP_FIELD_NUMBER: _ClassVar[int]
    LARS_FIELD_NUMBER: _ClassVar[int]
    ADAGRAD_FIELD_NUMBER: _ClassVar[int]
    SLIDE_FIELD_NUMBER: _ClassVar[int]
    ADAFACTOR_FIELD_NUMBER: _ClassVar[int]
    ADAFACTOR_KERAS_FIELD_NUMBER: _ClassVar[int]
    LION_FIELD_NUMBER: _ClassVar[int]
    type: str
    sgd: SGDConfig
    sgd_experimental: SGDExperimentalConfig
    adam: AdamConfig
    adam_experimental: AdamExperimentalConfig
    adamw: AdamWeightDecayConfig
    adamw_experimental: AdamWeightDecayExperimentalConfig
    lamb: LAMBConfig
    rmsprop: RMSPropConfig
    lars: LARSConfig
    adagrad: AdagradConfig
    slide: _pipeline_pb2.Opaque
    adafactor: AdafactorConfig
    adafactor_keras: AdafactorKerasConfig
    lion: LionConfig
    def __init__(self, type: _Optional[str] = ..., sgd: _Optional[_Union[SGDConfig, _Mapping[str, object]]] = ..., sgd_experimental: _Optional[_Union[SGDExperimentalConfig, _Mapping[str, object]]] = ..., adam: _Optional[_Union[AdamConfig, _Mapping[str, object]]] = ..., adam_experimental: _Optional[_Union[AdamExperimentalConfig, _Mapping[str, object]]] = ..., adamw: _Optional[_Union[AdamWeightDecayConfig, _Mapping[str, object]]] = ..., adamw_experimental: _Optional[_Union[AdamWeightDecayExperimentalConfig, _Mapping[str, object]]] = ..., lamb: _Optional[_Union[LAMBConfig, _Mapping[str, object]]] = ..., rmsprop: _Optional[_Union[RMSPropConfig, _Mapping[str, object]]] = ..., lars: _Optional[_Union[LARSConfig, _Mapping[str, object]]] = ..., adagrad: _Optional[_Union[AdagradConfig, _Mapping[str, object]]] = ..., slide: _Optional[_Union[_pipeline_pb2.Opaque, _Mapping[str, object]]] = ..., adafactor: _Optional[_Union[AdafactorConfig, _Mapping[str, object]]] = ..., adafactor_keras: _Optional[_Union[AdafactorKerasConfig, _Mapping[str, object]]] = ..., lion: _Optional[_Union[LionConfig, _Mapping[str, object]]] = ...) -> None: ...

class SGDConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "decay", "nesterov", "momentum")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    DECAY_FIELD_NUMBER: _ClassVar[int]
    NESTEROV_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    decay: float
    nesterov: bool
    momentum: float
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., decay: _Optional[float] = ..., nesterov: bool = ..., momentum: _Optional[float] = ...) -> None: ...

class SGDExperimentalConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "nesterov", "momentum", "jit_compile")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    NESTEROV_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    JIT_COMPILE_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    nesterov: bool
    momentum: float
    jit_compile: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., nesterov: bool = ..., momentum: _Optional[float] = ..., jit_compile: bool = ...) -> None: ...

class AdamConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "epsilon", "amsgrad")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    AMSGRAD_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., amsgrad: bool = ...) -> None: ...

class AdamExperimentalConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "epsilon", "amsgrad", "jit_compile")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    AMSGRAD_FIELD_NUMBER: _ClassVar[int]
    JIT_COMPILE_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool
    jit_compile: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., amsgrad: bool = ..., jit_compile: bool = ...) -> None: ...

class AdamWeightDecayConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay_rate", "include_in_weight_decay", "exclude_from_weight_decay", "gradient_clip_norm")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    AMSGRAD_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_IN_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_CLIP_NORM_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool
    weight_decay_rate: float
    include_in_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    gradient_clip_norm: float
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., amsgrad: bool = ..., weight_decay_rate: _Optional[float] = ..., include_in_weight_decay: _Optional[_Iterable[str]] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ..., gradient_clip_norm: _Optional[float] = ...) -> None: ...

class AdamWeightDecayExperimentalConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay", "jit_compile")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    AMSGRAD_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    JIT_COMPILE_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    epsilon: float
    amsgrad: bool
    weight_decay: float
    jit_compile: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., amsgrad: bool = ..., weight_decay: _Optional[float] = ..., jit_compile: bool = ...) -> None: ...

class LAMBConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "epsilon", "weight_decay_rate", "exclude_from_weight_decay", "exclude_from_layer_adaptation")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_LAYER_ADAPTATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    epsilon: float
    weight_decay_rate: float
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    exclude_from_layer_adaptation: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., epsilon: _Optional[float] = ..., weight_decay_rate: _Optional[float] = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ..., exclude_from_layer_adaptation: _Optional[_Iterable[str]] = ...) -> None: ...

class RMSPropConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "rho", "momentum", "epsilon", "centered")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    RHO_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    CENTERED_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    rho: float
    momentum: float
    epsilon: float
    centered: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., rho: _Optional[float] = ..., momentum: _Optional[float] = ..., epsilon: _Optional[float] = ..., centered: bool = ...) -> None: ...

class LARSConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "momentum", "eeta", "weight_decay_rate", "nesterov", "classic_momentum", "exclude_from_weight_decay", "exclude_from_layer_adaptation")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    EETA_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    NESTEROV_FIELD_NUMBER: _ClassVar[int]
    CLASSIC_MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FROM_LAYER_ADAPTATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    momentum: float
    eeta: float
    weight_decay_rate: float
    nesterov: bool
    classic_momentum: bool
    exclude_from_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    exclude_from_layer_adaptation: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., momentum: _Optional[float] = ..., eeta: _Optional[float] = ..., weight_decay_rate: _Optional[float] = ..., nesterov: bool = ..., classic_momentum: bool = ..., exclude_from_weight_decay: _Optional[_Iterable[str]] = ..., exclude_from_layer_adaptation: _Optional[_Iterable[str]] = ...) -> None: ...

class AdagradConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "initial_accumulator_value", "epsilon")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    INITIAL_ACCUMULATOR_VALUE_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    initial_accumulator_value: float
    epsilon: float
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., initial_accumulator_value: _Optional[float] = ..., epsilon: _Optional[float] = ...) -> None: ...

class AdafactorConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "factored", "multiply_by_parameter_scale", "beta1", "decay_rate", "step_offset", "clipping_threshold", "min_dim_size_to_factor", "epsilon1", "epsilon2", "weight_decay", "include_in_weight_decay")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    FACTORED_FIELD_NUMBER: _ClassVar[int]
    MULTIPLY_BY_PARAMETER_SCALE_FIELD_NUMBER: _ClassVar[int]
    BETA1_FIELD_NUMBER: _ClassVar[int]
    DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    STEP_OFFSET_FIELD_NUMBER: _ClassVar[int]
    CLIPPING_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    MIN_DIM_SIZE_TO_FACTOR_FIELD_NUMBER: _ClassVar[int]
    EPSILON1_FIELD_NUMBER: _ClassVar[int]
    EPSILON2_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_IN_WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    factored: bool
    multiply_by_parameter_scale: bool
    beta1: float
    decay_rate: float
    step_offset: int
    clipping_threshold: float
    min_dim_size_to_factor: int
    epsilon1: float
    epsilon2: float
    weight_decay: float
    include_in_weight_decay: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., factored: bool = ..., multiply_by_parameter_scale: bool = ..., beta1: _Optional[float] = ..., decay_rate: _Optional[float] = ..., step_offset: _Optional[int] = ..., clipping_threshold: _Optional[float] = ..., min_dim_size_to_factor: _Optional[int] = ..., epsilon1: _Optional[float] = ..., epsilon2: _Optional[float] = ..., weight_decay: _Optional[float] = ..., include_in_weight_decay: _Optional[_Iterable[str]] = ...) -> None: ...

class AdafactorKerasConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "learning_rate", "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BETA_2_DECAY_FIELD_NUMBER: _ClassVar[int]
    EPSILON_1_FIELD_NUMBER: _ClassVar[int]
    EPSILON_2_FIELD_NUMBER: _ClassVar[int]
    CLIP_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    RELATIVE_STEP_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    learning_rate: float
    beta_2_decay: float
    epsilon_1: float
    epsilon_2: float
    clip_threshold: float
    relative_step: bool
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., learning_rate: _Optional[float] = ..., beta_2_decay: _Optional[float] = ..., epsilon_1: _Optional[float] = ..., epsilon_2: _Optional[float] = ..., clip_threshold: _Optional[float] = ..., relative_step: bool = ...) -> None: ...

class LionConfig(_message.Message):
    __slots__ = ("name", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "weight_decay")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    CLIPVALUE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_CLIPNORM_FIELD_NUMBER: _ClassVar[int]
    BETA_1_FIELD_NUMBER: _ClassVar[int]
    BETA_2_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    name: str
    clipnorm: float
    clipvalue: float
    global_clipnorm: float
    beta_1: float
    beta_2: float
    weight_decay: float
    def __init__(self, name: _Optional[str] = ..., clipnorm: _Optional[float] = ..., clipvalue: _Optional[float] = ..., global_clipnorm: _Optional[float] = ..., beta_1: _Optional[float] = ..., beta_2: _Optional[float] = ..., weight_decay: _Optional[float] = ...) -> None: ...
