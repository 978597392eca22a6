"""The contract between Photochrom's parts: bytes on the wire, and what the numbers mean.

=====================  ===========================================================
``v1``                 the generated messages and stubs of ``photochrom.v1``
``lab``                sRGB to CIE Lab and back, for NumPy and ``keras.ops``
``tensors``            names, shapes and scales of the model's tensors; planes to bytes and back
``fast_lab``           the same by table, for whole photographs; with ``gamut``, ``profiles``
``photograph``         a picture to its lightness plane, a chroma plane to a colored picture;
                       with ``raster``, ``reduction``, ``upsampling``, ``interpolation``, ``strips``
``files``              picture files: read page by page, written back with color
``manifest``           what a published model version says of itself
=====================  ===========================================================

Imports nothing of the project.
"""

__version__ = "0.1.0"
