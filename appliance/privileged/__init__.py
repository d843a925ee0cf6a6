"""The only code that runs as root: a short typed list of actions behind a socket."""
