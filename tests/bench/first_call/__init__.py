"""The figures of the first call: one file each, named after the figure."""

from tests.bench.first_call import ami_events_per_s

BENCHES = (ami_events_per_s.measure,)
