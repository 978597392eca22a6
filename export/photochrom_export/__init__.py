"""SavedModel to ONNX: converted, cleaned, proven equal on photographs, published.

===============  =====================================================================
``saved_model``  loads and checks the SavedModel; runs it as the reference
``conversion``   its frozen graph through tf2onnx, with the contract's tensor names
``cleaning``     graph passes: what the conversion left and the runtime need not run
``precision``    weights stored as float16
``photographs``  the pictures the proof runs on
``parity``       the proof: SavedModel against ONNX Runtime, in a*b* units
``card``         the model card
``publishing``   a version folder, written whole or not at all
``cli``          ``photochrom-export``
===============  =====================================================================
"""

__version__ = "0.1.0"
