"""Tests of appliance.privileged."""
