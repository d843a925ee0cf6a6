"""The box's own screen."""
