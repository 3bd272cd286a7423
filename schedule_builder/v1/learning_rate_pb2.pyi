from google.protobuf import any_pb2 as _any_pb2
from schedule_builder.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StepUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEPS: _ClassVar[StepUnit]
    EPOCHS: _ClassVar[StepUnit]
    PERCENT_OF_RUN: _ClassVar[StepUnit]
    PERMILLE_OF_RUN: _ClassVar[StepUnit]
STEPS: StepUnit
EPOCHS: StepUnit
PERCENT_OF_RUN: StepUnit
PERMILLE_OF_RUN: StepUnit

class LearningRate(_message.Message):
    __slots__ = ("constant_learning_rate", "exponential_decay_learning_rate", "manual_step_learning_rate", "cosine_decay_learning_rate", "piecewise_constant_learning_rate", "polynomial_decay_learning_rate", "inverse_time_decay_learning_rate", "inverse_sqrt_learning_rate", "power_decay_learning_rate", "multi_step_learning_rate", "piecewise_linear_learning_rate", "cosine_restarts_learning_rate", "one_cycle_learning_rate", "cyclic_learning_rate", "warmup_stable_decay_learning_rate", "noam_learning_rate", "tanh_decay_learning_rate", "table_learning_rate", "sequential_learning_rate", "combined_learning_rate", "custom", "warmup", "batch_size_scaling", "min_learning_rate", "step_unit", "examples_per_epoch")
    CONSTANT_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    EXPONENTIAL_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MANUAL_STEP_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    COSINE_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    PIECEWISE_CONSTANT_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POLYNOMIAL_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    INVERSE_TIME_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    INVERSE_SQRT_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POWER_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MULTI_STEP_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    PIECEWISE_LINEAR_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    COSINE_RESTARTS_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    ONE_CYCLE_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    CYCLIC_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STABLE_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    NOAM_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TANH_DECAY_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TABLE_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    SEQUENTIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    COMBINED_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    WARMUP_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_SCALING_FIELD_NUMBER: _ClassVar[int]
    MIN_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    STEP_UNIT_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_PER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    constant_learning_rate: ConstantLearningRate
    exponential_decay_learning_rate: ExponentialDecayLearningRate
    manual_step_learning_rate: ManualStepLearningRate
    cosine_decay_learning_rate: CosineDecayLearningRate
    piecewise_constant_learning_rate: PiecewiseConstantLearningRate
    polynomial_decay_learning_rate: PolynomialDecayLearningRate
    inverse_time_decay_learning_rate: InverseTimeDecayLearningRate
    inverse_sqrt_learning_rate: InverseSqrtLearningRate
    power_decay_learning_rate: PowerDecayLearningRate
    multi_step_learning_rate: MultiStepLearningRate
    piecewise_linear_learning_rate: PiecewiseLinearLearningRate
    cosine_restarts_learning_rate: CosineRestartsLearningRate
    one_cycle_learning_rate: OneCycleLearningRate
    cyclic_learning_rate: CyclicLearningRate
    warmup_stable_decay_learning_rate: WarmupStableDecayLearningRate
    noam_learning_rate: NoamLearningRate
    tanh_decay_learning_rate: TanhDecayLearningRate
    table_learning_rate: TableLearningRate
    sequential_learning_rate: SequentialLearningRate
    combined_learning_rate: CombinedLearningRate
    custom: _any_pb2.Any
    warmup: Warmup
    batch_size_scaling: BatchSizeScaling
    min_learning_rate: float
    step_unit: StepUnit
    examples_per_epoch: int
    def __init__(self, constant_learning_rate: _Optional[_Union[ConstantLearningRate, _Mapping[str, object]]] = ..., exponential_decay_learning_rate: _Optional[_Union[ExponentialDecayLearningRate, _Mapping[str, object]]] = ..., manual_step_learning_rate: _Optional[_Union[ManualStepLearningRate, _Mapping[str, object]]] = ..., cosine_decay_learning_rate: _Optional[_Union[CosineDecayLearningRate, _Mapping[str, object]]] = ..., piecewise_constant_learning_rate: _Optional[_Union[PiecewiseConstantLearningRate, _Mapping[str, object]]] = ..., polynomial_decay_learning_rate: _Optional[_Union[PolynomialDecayLearningRate, _Mapping[str, object]]] = ..., inverse_time_decay_learning_rate: _Optional[_Union[InverseTimeDecayLearningRate, _Mapping[str, object]]] = ..., inverse_sqrt_learning_rate: _Optional[_Union[InverseSqrtLearningRate, _Mapping[str, object]]] = ..., power_decay_learning_rate: _Optional[_Union[PowerDecayLearningRate, _Mapping[str, object]]] = ..., multi_step_learning_rate: _Optional[_Union[MultiStepLearningRate, _Mapping[str, object]]] = ..., piecewise_linear_learning_rate: _Optional[_Union[PiecewiseLinearLearningRate, _Mapping[str, object]]] = ..., cosine_restarts_learning_rate: _Optional[_Union[CosineRestartsLearningRate, _Mapping[str, object]]] = ..., one_cycle_learning_rate: _Optional[_Union[OneCycleLearningRate, _Mapping[str, object]]] = ..., cyclic_learning_rate: _Optional[_Union[CyclicLearningRate, _Mapping[str, object]]] = ..., warmup_stable_decay_learning_rate: _Optional[_Union[WarmupStableDecayLearningRate, _Mapping[str, object]]] = ..., noam_learning_rate: _Optional[_Union[NoamLearningRate, _Mapping[str, object]]] = ..., tanh_decay_learning_rate: _Optional[_Union[TanhDecayLearningRate, _Mapping[str, object]]] = ..., table_learning_rate: _Optional[_Union[TableLearningRate, _Mapping[str, object]]] = ..., sequential_learning_rate: _Optional[_Union[SequentialLearningRate, _Mapping[str, object]]] = ..., combined_learning_rate: _Optional[_Union[CombinedLearningRate, _Mapping[str, object]]] = ..., custom: _Optional[_Union[_any_pb2.Any, _Mapping[str, object]]] = ..., warmup: _Optional[_Union[Warmup, _Mapping[str, object]]] = ..., batch_size_scaling: _Optional[_Union[BatchSizeScaling, _Mapping[str, object]]] = ..., min_learning_rate: _Optional[float] = ..., step_unit: _Optional[_Union[StepUnit, str]] = ..., examples_per_epoch: _Optional[int] = ...) -> None: ...

class ConstantLearningRate(_message.Message):
    __slots__ = ("learning_rate",)
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    learning_rate: float
    def __init__(self, learning_rate: _Optional[float] = ...) -> None: ...

class ExponentialDecayLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "decay_steps", "decay_factor", "staircase", "burnin_learning_rate", "burnin_steps", "min_learning_rate")
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    DECAY_FACTOR_FIELD_NUMBER: _ClassVar[int]
    STAIRCASE_FIELD_NUMBER: _ClassVar[int]
    BURNIN_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BURNIN_STEPS_FIELD_NUMBER: _ClassVar[int]
    MIN_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    decay_steps: int
    decay_factor: float
    staircase: bool
    burnin_learning_rate: float
    burnin_steps: int
    min_learning_rate: float
    def __init__(self, initial_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., decay_factor: _Optional[float] = ..., staircase: bool = ..., burnin_learning_rate: _Optional[float] = ..., burnin_steps: _Optional[int] = ..., min_learning_rate: _Optional[float] = ...) -> None: ...

class ManualStepLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "schedule", "warmup")
    class LearningRateSchedule(_message.Message):
        __slots__ = ("step", "learning_rate")
        STEP_FIELD_NUMBER: _ClassVar[int]
        LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
        step: int
        learning_rate: float
        def __init__(self, step: _Optional[int] = ..., learning_rate: _Optional[float] = ...) -> None: ...
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    schedule: _containers.RepeatedCompositeFieldContainer[ManualStepLearningRate.LearningRateSchedule]
    warmup: bool
    def __init__(self, initial_learning_rate: _Optional[float] = ..., schedule: _Optional[_Iterable[_Union[ManualStepLearningRate.LearningRateSchedule, _Mapping[str, object]]]] = ..., warmup: bool = ...) -> None: ...

class CosineDecayLearningRate(_message.Message):
    __slots__ = ("learning_rate_base", "total_steps", "warmup_learning_rate", "warmup_steps", "hold_base_rate_steps")
    LEARNING_RATE_BASE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    WARMUP_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    HOLD_BASE_RATE_STEPS_FIELD_NUMBER: _ClassVar[int]
    learning_rate_base: float
    total_steps: int
    warmup_learning_rate: float
    warmup_steps: int
    hold_base_rate_steps: int
    def __init__(self, learning_rate_base: _Optional[float] = ..., total_steps: _Optional[int] = ..., warmup_learning_rate: _Optional[float] = ..., warmup_steps: _Optional[int] = ..., hold_base_rate_steps: _Optional[int] = ...) -> None: ...

class PiecewiseConstantLearningRate(_message.Message):
    __slots__ = ("boundaries", "values")
    BOUNDARIES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    boundaries: _containers.RepeatedScalarFieldContainer[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, boundaries: _Optional[_Iterable[int]] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class Warmup(_message.Message):
    __slots__ = ("shape", "warmup_steps", "warmup_learning_rate", "power", "alignment", "step_unit")
    class Shape(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LINEAR: _ClassVar[Warmup.Shape]
        CONSTANT: _ClassVar[Warmup.Shape]
        POLYNOMIAL: _ClassVar[Warmup.Shape]
        EXPONENTIAL: _ClassVar[Warmup.Shape]
        COSINE: _ClassVar[Warmup.Shape]
    LINEAR: Warmup.Shape
    CONSTANT: Warmup.Shape
    POLYNOMIAL: Warmup.Shape
    EXPONENTIAL: Warmup.Shape
    COSINE: Warmup.Shape
    class Alignment(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OVERLAP: _ClassVar[Warmup.Alignment]
        SHIFT: _ClassVar[Warmup.Alignment]
    OVERLAP: Warmup.Alignment
    SHIFT: Warmup.Alignment
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    WARMUP_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENT_FIELD_NUMBER: _ClassVar[int]
    STEP_UNIT_FIELD_NUMBER: _ClassVar[int]
    shape: Warmup.Shape
    warmup_steps: int
    warmup_learning_rate: float
    power: float
    alignment: Warmup.Alignment
    step_unit: StepUnit
    def __init__(self, shape: _Optional[_Union[Warmup.Shape, str]] = ..., warmup_steps: _Optional[int] = ..., warmup_learning_rate: _Optional[float] = ..., power: _Optional[float] = ..., alignment: _Optional[_Union[Warmup.Alignment, str]] = ..., step_unit: _Optional[_Union[StepUnit, str]] = ...) -> None: ...

class BatchSizeScaling(_message.Message):
    __slots__ = ("reference_batch_size", "rule")
    class Rule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LINEAR: _ClassVar[BatchSizeScaling.Rule]
        SQRT: _ClassVar[BatchSizeScaling.Rule]
    LINEAR: BatchSizeScaling.Rule
    SQRT: BatchSizeScaling.Rule
    REFERENCE_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    reference_batch_size: int
    rule: BatchSizeScaling.Rule
    def __init__(self, reference_batch_size: _Optional[int] = ..., rule: _Optional[_Union[BatchSizeScaling.Rule, str]] = ...) -> None: ...

class PolynomialDecayLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "end_learning_rate", "decay_steps", "power", "cycle")
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    END_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    end_learning_rate: float
    decay_steps: int
    power: float
    cycle: bool
    def __init__(self, initial_learning_rate: _Optional[float] = ..., end_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., power: _Optional[float] = ..., cycle: bool = ...) -> None: ...

class InverseTimeDecayLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "decay_steps", "decay_rate", "staircase")
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    DECAY_RATE_FIELD_NUMBER: _ClassVar[int]
    STAIRCASE_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool
    def __init__(self, initial_learning_rate: _Optional[float] = ..., decay_steps: _Optional[int] = ..., decay_rate: _Optional[float] = ..., staircase: bool = ...) -> None: ...

class InverseSqrtLearningRate(_message.Message):
    __slots__ = ("learning_rate_base", "timescale")
    LEARNING_RATE_BASE_FIELD_NUMBER: _ClassVar[int]
    TIMESCALE_FIELD_NUMBER: _ClassVar[int]
    learning_rate_base: float
    timescale: int
    def __init__(self, learning_rate_base: _Optional[float] = ..., timescale: _Optional[int] = ...) -> None: ...

class PowerDecayLearningRate(_message.Message):
    __slots__ = ("learning_rate_base", "power", "offset_steps", "max_learning_rate", "total_steps", "linear_tail_fraction")
    LEARNING_RATE_BASE_FIELD_NUMBER: _ClassVar[int]
    POWER_FIELD_NUMBER: _ClassVar[int]
    OFFSET_STEPS_FIELD_NUMBER: _ClassVar[int]
    MAX_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    LINEAR_TAIL_FRACTION_FIELD_NUMBER: _ClassVar[int]
    learning_rate_base: float
    power: float
    offset_steps: int
    max_learning_rate: float
    total_steps: int
    linear_tail_fraction: float
    def __init__(self, learning_rate_base: _Optional[float] = ..., power: _Optional[float] = ..., offset_steps: _Optional[int] = ..., max_learning_rate: _Optional[float] = ..., total_steps: _Optional[int] = ..., linear_tail_fraction: _Optional[float] = ...) -> None: ...

class MultiStepLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "milestones", "decay_factor")
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MILESTONES_FIELD_NUMBER: _ClassVar[int]
    DECAY_FACTOR_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    milestones: _containers.RepeatedScalarFieldContainer[int]
    decay_factor: float
    def __init__(self, initial_learning_rate: _Optional[float] = ..., milestones: _Optional[_Iterable[int]] = ..., decay_factor: _Optional[float] = ...) -> None: ...

class PiecewiseLinearLearningRate(_message.Message):
    __slots__ = ("point", "interpolation")
    class Interpolation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LINEAR: _ClassVar[PiecewiseLinearLearningRate.Interpolation]
        COSINE: _ClassVar[PiecewiseLinearLearningRate.Interpolation]
    LINEAR: PiecewiseLinearLearningRate.Interpolation
    COSINE: PiecewiseLinearLearningRate.Interpolation
    class Point(_message.Message):
        __slots__ = ("step", "learning_rate")
        STEP_FIELD_NUMBER: _ClassVar[int]
        LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
        step: int
        learning_rate: float
        def __init__(self, step: _Optional[int] = ..., learning_rate: _Optional[float] = ...) -> None: ...
    POINT_FIELD_NUMBER: _ClassVar[int]
    INTERPOLATION_FIELD_NUMBER: _ClassVar[int]
    point: _containers.RepeatedCompositeFieldContainer[PiecewiseLinearLearningRate.Point]
    interpolation: PiecewiseLinearLearningRate.Interpolation
    def __init__(self, point: _Optional[_Iterable[_Union[PiecewiseLinearLearningRate.Point, _Mapping[str, object]]]] = ..., interpolation: _Optional[_Union[PiecewiseLinearLearningRate.Interpolation, str]] = ...) -> None: ...

class CosineRestartsLearningRate(_message.Message):
    __slots__ = ("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha")
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    FIRST_DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    T_MUL_FIELD_NUMBER: _ClassVar[int]
    M_MUL_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float
    m_mul: float
    alpha: float
    def __init__(self, initial_learning_rate: _Optional[float] = ..., first_decay_steps: _Optional[int] = ..., t_mul: _Optional[float] = ..., m_mul: _Optional[float] = ..., alpha: _Optional[float] = ...) -> None: ...

class OneCycleLearningRate(_message.Message):
    __slots__ = ("max_learning_rate", "total_steps", "pct_start", "div_factor", "final_div_factor", "anneal", "three_phase")
    class Anneal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        COSINE: _ClassVar[OneCycleLearningRate.Anneal]
        LINEAR: _ClassVar[OneCycleLearningRate.Anneal]
    COSINE: OneCycleLearningRate.Anneal
    LINEAR: OneCycleLearningRate.Anneal
    MAX_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    PCT_START_FIELD_NUMBER: _ClassVar[int]
    DIV_FACTOR_FIELD_NUMBER: _ClassVar[int]
    FINAL_DIV_FACTOR_FIELD_NUMBER: _ClassVar[int]
    ANNEAL_FIELD_NUMBER: _ClassVar[int]
    THREE_PHASE_FIELD_NUMBER: _ClassVar[int]
    max_learning_rate: float
    total_steps: int
    pct_start: float
    div_factor: float
    final_div_factor: float
    anneal: OneCycleLearningRate.Anneal
    three_phase: bool
    def __init__(self, max_learning_rate: _Optional[float] = ..., total_steps: _Optional[int] = ..., pct_start: _Optional[float] = ..., div_factor: _Optional[float] = ..., final_div_factor: _Optional[float] = ..., anneal: _Optional[_Union[OneCycleLearningRate.Anneal, str]] = ..., three_phase: bool = ...) -> None: ...

class CyclicLearningRate(_message.Message):
    __slots__ = ("base_learning_rate", "max_learning_rate", "step_size_up", "step_size_down", "mode", "gamma")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        TRIANGULAR: _ClassVar[CyclicLearningRate.Mode]
        TRIANGULAR2: _ClassVar[CyclicLearningRate.Mode]
        EXP_RANGE: _ClassVar[CyclicLearningRate.Mode]
    TRIANGULAR: CyclicLearningRate.Mode
    TRIANGULAR2: CyclicLearningRate.Mode
    EXP_RANGE: CyclicLearningRate.Mode
    BASE_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MAX_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_UP_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_DOWN_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    GAMMA_FIELD_NUMBER: _ClassVar[int]
    base_learning_rate: float
    max_learning_rate: float
    step_size_up: int
    step_size_down: int
    mode: CyclicLearningRate.Mode
    gamma: float
    def __init__(self, base_learning_rate: _Optional[float] = ..., max_learning_rate: _Optional[float] = ..., step_size_up: _Optional[int] = ..., step_size_down: _Optional[int] = ..., mode: _Optional[_Union[CyclicLearningRate.Mode, str]] = ..., gamma: _Optional[float] = ...) -> None: ...

class WarmupStableDecayLearningRate(_message.Message):
    __slots__ = ("peak_learning_rate", "warmup_steps", "stable_steps", "decay_steps", "initial_learning_rate", "end_learning_rate", "decay_shape")
    class DecayShape(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        LINEAR: _ClassVar[WarmupStableDecayLearningRate.DecayShape]
        COSINE: _ClassVar[WarmupStableDecayLearningRate.DecayShape]
        ONE_MINUS_SQRT: _ClassVar[WarmupStableDecayLearningRate.DecayShape]
        EXPONENTIAL: _ClassVar[WarmupStableDecayLearningRate.DecayShape]
    LINEAR: WarmupStableDecayLearningRate.DecayShape
    COSINE: WarmupStableDecayLearningRate.DecayShape
    ONE_MINUS_SQRT: WarmupStableDecayLearningRate.DecayShape
    EXPONENTIAL: WarmupStableDecayLearningRate.DecayShape
    PEAK_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    STABLE_STEPS_FIELD_NUMBER: _ClassVar[int]
    DECAY_STEPS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    END_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    DECAY_SHAPE_FIELD_NUMBER: _ClassVar[int]
    peak_learning_rate: float
    warmup_steps: int
    stable_steps: int
    decay_steps: int
    initial_learning_rate: float
    end_learning_rate: float
    decay_shape: WarmupStableDecayLearningRate.DecayShape
    def __init__(self, peak_learning_rate: _Optional[float] = ..., warmup_steps: _Optional[int] = ..., stable_steps: _Optional[int] = ..., decay_steps: _Optional[int] = ..., initial_learning_rate: _Optional[float] = ..., end_learning_rate: _Optional[float] = ..., decay_shape: _Optional[_Union[WarmupStableDecayLearningRate.DecayShape, str]] = ...) -> None: ...

class NoamLearningRate(_message.Message):
    __slots__ = ("model_dim", "warmup_steps", "scale")
    MODEL_DIM_FIELD_NUMBER: _ClassVar[int]
    WARMUP_STEPS_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    model_dim: int
    warmup_steps: int
    scale: float
    def __init__(self, model_dim: _Optional[int] = ..., warmup_steps: _Optional[int] = ..., scale: _Optional[float] = ...) -> None: ...

class TanhDecayLearningRate(_message.Message):
    __slots__ = ("learning_rate_base", "end_learning_rate", "total_steps", "lower", "upper")
    LEARNING_RATE_BASE_FIELD_NUMBER: _ClassVar[int]
    END_LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    learning_rate_base: float
    end_learning_rate: float
    total_steps: int
    lower: float
    upper: float
    def __init__(self, learning_rate_base: _Optional[float] = ..., end_learning_rate: _Optional[float] = ..., total_steps: _Optional[int] = ..., lower: _Optional[float] = ..., upper: _Optional[float] = ...) -> None: ...

class TableLearningRate(_message.Message):
    __slots__ = ("learning_rates", "steps_per_entry")
    LEARNING_RATES_FIELD_NUMBER: _ClassVar[int]
    STEPS_PER_ENTRY_FIELD_NUMBER: _ClassVar[int]
    learning_rates: _containers.RepeatedScalarFieldContainer[float]
    steps_per_entry: int
    def __init__(self, learning_rates: _Optional[_Iterable[float]] = ..., steps_per_entry: _Optional[int] = ...) -> None: ...

class SequentialLearningRate(_message.Message):
    __slots__ = ("stage",)
    class Stage(_message.Message):
        __slots__ = ("learning_rate", "steps")
        LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
        STEPS_FIELD_NUMBER: _ClassVar[int]
        learning_rate: LearningRate
        steps: int
        def __init__(self, learning_rate: _Optional[_Union[LearningRate, _Mapping[str, object]]] = ..., steps: _Optional[int] = ...) -> None: ...
    STAGE_FIELD_NUMBER: _ClassVar[int]
    stage: _containers.RepeatedCompositeFieldContainer[SequentialLearningRate.Stage]
    def __init__(self, stage: _Optional[_Iterable[_Union[SequentialLearningRate.Stage, _Mapping[str, object]]]] = ...) -> None: ...

class CombinedLearningRate(_message.Message):
    __slots__ = ("op", "learning_rates")
    class Op(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PRODUCT: _ClassVar[CombinedLearningRate.Op]
        MIN: _ClassVar[CombinedLearningRate.Op]
        MAX: _ClassVar[CombinedLearningRate.Op]
    PRODUCT: CombinedLearningRate.Op
    MIN: CombinedLearningRate.Op
    MAX: CombinedLearningRate.Op
    OP_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATES_FIELD_NUMBER: _ClassVar[int]
    op: CombinedLearningRate.Op
    learning_rates: _containers.RepeatedCompositeFieldContainer[LearningRate]
    def __init__(self, op: _Optional[_Union[CombinedLearningRate.Op, str]] = ..., learning_rates: _Optional[_Iterable[_Union[LearningRate, _Mapping[str, object]]]] = ...) -> None: ...
