"""Pure queries over conversations, segments and agents' intervals: every figure that a page, a mail or a file
shows.
"""
