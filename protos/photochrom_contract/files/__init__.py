"""Picture files: read page by page, written back with color.

===============  ============================================================================
``original``     a photograph file that is open: its format and its pages
``page``         one picture of it: its lightness, what the model sees, its metadata
``orientation``  arrays as they are stored, and as a viewer shows them
``formats``      the formats that hold full color, and what each can carry
``encoding``     an original and its pages' chroma to a colored file
``metadata``     what a file says beside its pixels
``directories``  tags, as TIFF and EXIF have them
``provenance``   what a colored file says of its colors
===============  ============================================================================

The client does this around its remote call, and the server inside ColorizePhoto.
"""
