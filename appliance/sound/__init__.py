"""Process foyer-sound: what a file of sound holds, made into what Asterisk plays.

A file from somewhere else is read here and nowhere else, since reading one is where programs get broken into:
this process sees no data, has no network, and ends when nobody asks any more.
"""
