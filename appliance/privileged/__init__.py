"""Process foyer-privileged: the only code that runs as root while the box works. A short list of typed
actions behind a socket; it is started by a call and ends when idle. Others import
`appliance.privileged.client` only.
"""
