"""Process foyer-setup: makes /data fit for the others, then ends. Runs as root before every other process
starts.

Everything it does may be done again, and stopped half-way: it makes what is missing and corrects owners and
modes.
"""
