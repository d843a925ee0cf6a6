"""foyer-pbx: on a far end that misbehaves on purpose, and on private real Asterisk instances."""
