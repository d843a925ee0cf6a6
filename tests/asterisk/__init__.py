"""Test tools around a real Asterisk: private instances, phones, callers, and ears that measure sound."""
