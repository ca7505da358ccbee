"""conclint: tells Python programmers, before they run anything, that they chose the wrong model."""

__version__ = "0.1.0"
