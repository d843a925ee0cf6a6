"""Tests of appliance.setup."""
