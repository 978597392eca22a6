"""The public protocols, beside Photochrom's own, on the port of a server process.

Each is a thin face over ``DataPlane.predict``. Only ``process`` imports this package: its wire types
carry public names, ``tensorflow.TensorProto`` among them, which a program that embeds the server and also
imports TensorFlow, or Triton's client, can have only once.
"""

import dataclasses

from photochrom_contract.open_inference import grpc_service_pb2, grpc_service_pb2_grpc
from photochrom_contract.tensorflow_serving import (
    model_service_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2,
    prediction_service_pb2_grpc,
)
from photochrom_serving.control import ModelControl
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.drain import Drain
from photochrom_serving.protocols.statistics import Statistics
from photochrom_serving.protocols.tensorflow_models import ModelService
from photochrom_serving.protocols.tensorflow_prediction import PredictionService
from photochrom_serving.protocols.triton_extensions import InferenceService
from photochrom_serving.routes import Routes
from photochrom_serving.settings import Settings


@dataclasses.dataclass(frozen=True)
class Protocols:
    """What the faces need beside the data plane."""

    statistics: Statistics = dataclasses.field(default_factory=Statistics)
    """Has to watch the batches from the first one on."""

    def add_to(
        self,
        routes: Routes,
        data_plane: DataPlane,
        control: ModelControl,
        drain: Drain,
        settings: Settings,
    ) -> tuple[str, ...]:
        """Serve them all; the names of their services."""
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(  # type: ignore[no-untyped-call]
            PredictionService(data_plane, settings), routes
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(  # type: ignore[no-untyped-call]
            ModelService(data_plane.servables, control, settings), routes
        )
        grpc_service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(  # type: ignore[no-untyped-call]
            InferenceService(data_plane, control, drain, self.statistics, settings), routes
        )
        files = (prediction_service_pb2, model_service_pb2, grpc_service_pb2)
        return tuple(
            service.full_name for file in files for service in file.DESCRIPTOR.services_by_name.values()
        )
