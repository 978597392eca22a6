"""Types of command line arguments."""

import argparse


def natural(text: str) -> int:
    """A whole number of 0 or more."""
    return _whole(text, 0)


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    return _whole(text, 1)


def seed(text: str) -> int:
    """What NumPy's and Keras's generators of random numbers begin with."""
    most = 2**32 - 1
    if (number := natural(text)) > most:
        raise argparse.ArgumentTypeError(f"must be a whole number of {most} or less, not {text}")
    return number


def labels(text: str) -> list[str]:
    """One or more words, separated by commas."""
    if not (found := [label for label in text.split(",") if label]):
        raise argparse.ArgumentTypeError(f"names no label: {text!r}")
    return found


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of {least} or more, not {text}")
    return int(text)
