"""The image: how it is built, how it boots, what its sandboxes allow."""
