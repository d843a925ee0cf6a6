"""Headless Chromium against the booted box: pages, clicks, and a telephone with a microphone and ears."""
