"""Tests of the renderers and of the dialplan: texts, properties, and a real Asterisk that loads and
runs them.
"""
