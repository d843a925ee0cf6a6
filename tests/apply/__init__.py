"""Tests of foyer-apply, with a real Asterisk that runs from what it renders."""
