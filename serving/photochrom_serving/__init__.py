"""The Photochrom server: a lightness plane in, a chroma plane out, over gRPC.

A request's road, in one direction::

    service  ->  data_plane  ->  admission  ->  batcher  ->  device  ->  session
    proto and     model and       bounded        queues       threads,    ONNX
    arrays        version                                     batches     Runtime

The batcher knows no protocol buffers, the session knows no asyncio, the service knows no batch.
"""

__version__ = "0.1.0"
