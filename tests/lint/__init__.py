"""Checks of the source text: layering, and what the house style forbids."""
