"""Telephony cards and modems. Process foyer-hw."""
