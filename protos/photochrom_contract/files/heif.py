"""HEIF for Pillow, where ``pillow-heif`` is installed: the extra ``archive``."""

import functools


@functools.cache
def register() -> bool:
    """Let Pillow read and write HEIF; whether it can."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener(thumbnails=False)
    return True
