"""Process foyer-names: tells Caddy under which names and addresses this box may have a certificate.

Caddy makes certificates on demand, so that the pages open under any address the box has today, and asks
here first; without that, anybody in the network could have it make them for arbitrary names until the disk
is full.
"""
