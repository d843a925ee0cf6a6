"""Pure renderers, one module per Asterisk file and named after it; syntax.py alone knows how Asterisk
quotes.
"""
