"""Tests of appliance.names."""
