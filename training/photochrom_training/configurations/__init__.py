"""The model configurations, one to a file, named as the file is.

The head of each says what it reproduces, the command, the hours on which hardware, and the score to
expect; its ``configuration()`` returns a :class:`photochrom_training.configuration.Configuration`.
"""
