"""Foyer: a contact center in a box. The README describes the processes and how they meet."""

__version__ = "0.1.0"
