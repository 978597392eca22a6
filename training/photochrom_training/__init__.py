"""Training: photographs in, a SavedModel out."""

__version__ = "0.1.0"
