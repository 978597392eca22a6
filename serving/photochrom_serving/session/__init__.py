"""A model version in ONNX Runtime: lightness planes in, chroma planes out, synchronously.

::

    session    checks that the graph is the contract's, and makes stages
    stage      input and output memory for batches of one size, bound to the graph
    opening    ONNX Runtime, a file, and the provider asked for
    providers  what each provider is told
    parity     whether a faster way of computing gives the same colors
    planes     what goes in and comes out
"""

from photochrom_serving.session.planes import Chroma, Plane
from photochrom_serving.session.session import Session
from photochrom_serving.session.stage import Stage

__all__ = ["Chroma", "Plane", "Session", "Stage"]
