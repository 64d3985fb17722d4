"""synthassay makes synthetic medical images and finds out what they are worth."""

__version__ = "0.1.0"
