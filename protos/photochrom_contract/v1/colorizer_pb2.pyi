from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Upsampling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPSAMPLING_UNSPECIFIED: _ClassVar[Upsampling]
    UPSAMPLING_GUIDED: _ClassVar[Upsampling]
    UPSAMPLING_BILINEAR: _ClassVar[Upsampling]
UPSAMPLING_UNSPECIFIED: Upsampling
UPSAMPLING_GUIDED: Upsampling
UPSAMPLING_BILINEAR: Upsampling

class ModelSpec(_message.Message):
    __slots__ = ("name", "version", "label")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    label: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., label: _Optional[str] = ...) -> None: ...

class LightnessPlane(_message.Message):
    __slots__ = ("width", "height", "data")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    data: bytes
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class ChromaPlane(_message.Message):
    __slots__ = ("width", "height", "data")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    data: bytes
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class ColorizeRequest(_message.Message):
    __slots__ = ("model", "lightness", "temperature")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LIGHTNESS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    model: ModelSpec
    lightness: LightnessPlane
    temperature: float
    def __init__(self, model: _Optional[_Union[ModelSpec, _Mapping]] = ..., lightness: _Optional[_Union[LightnessPlane, _Mapping]] = ..., temperature: _Optional[float] = ...) -> None: ...

class ColorizeResponse(_message.Message):
    __slots__ = ("model", "chroma")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CHROMA_FIELD_NUMBER: _ClassVar[int]
    model: ModelSpec
    chroma: ChromaPlane
    def __init__(self, model: _Optional[_Union[ModelSpec, _Mapping]] = ..., chroma: _Optional[_Union[ChromaPlane, _Mapping]] = ...) -> None: ...

class ColorizePhotoRequest(_message.Message):
    __slots__ = ("model", "photo", "size", "saturation", "temperature", "upsampling")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SATURATION_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    UPSAMPLING_FIELD_NUMBER: _ClassVar[int]
    model: ModelSpec
    photo: bytes
    size: int
    saturation: float
    temperature: float
    upsampling: Upsampling
    def __init__(self, model: _Optional[_Union[ModelSpec, _Mapping]] = ..., photo: _Optional[bytes] = ..., size: _Optional[int] = ..., saturation: _Optional[float] = ..., temperature: _Optional[float] = ..., upsampling: _Optional[_Union[Upsampling, str]] = ...) -> None: ...

class ColorizePhotoResponse(_message.Message):
    __slots__ = ("model", "photo", "media_type")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    model: ModelSpec
    photo: bytes
    media_type: str
    def __init__(self, model: _Optional[_Union[ModelSpec, _Mapping]] = ..., photo: _Optional[bytes] = ..., media_type: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models", "default_model")
    MODELS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_MODEL_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    default_model: str
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping]]] = ..., default_model: _Optional[str] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "versions")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    versions: _containers.RepeatedCompositeFieldContainer[ModelVersion]
    def __init__(self, name: _Optional[str] = ..., versions: _Optional[_Iterable[_Union[ModelVersion, _Mapping]]] = ...) -> None: ...

class ModelVersion(_message.Message):
    __slots__ = ("version", "state", "message", "sizes", "default_size", "sha256", "description", "labels", "has_temperature")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[ModelVersion.State]
        LOADING: _ClassVar[ModelVersion.State]
        AVAILABLE: _ClassVar[ModelVersion.State]
        FAILED: _ClassVar[ModelVersion.State]
        UNLOADING: _ClassVar[ModelVersion.State]
    STATE_UNSPECIFIED: ModelVersion.State
    LOADING: ModelVersion.State
    AVAILABLE: ModelVersion.State
    FAILED: ModelVersion.State
    UNLOADING: ModelVersion.State
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SIZES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    HAS_TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    version: int
    state: ModelVersion.State
    message: str
    sizes: _containers.RepeatedScalarFieldContainer[int]
    default_size: int
    sha256: str
    description: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    has_temperature: bool
    def __init__(self, version: _Optional[int] = ..., state: _Optional[_Union[ModelVersion.State, str]] = ..., message: _Optional[str] = ..., sizes: _Optional[_Iterable[int]] = ..., default_size: _Optional[int] = ..., sha256: _Optional[str] = ..., description: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ..., has_temperature: bool = ...) -> None: ...
