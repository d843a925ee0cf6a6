"""The figures of calls that come in: one file each, named after the figure."""

from tests.bench.flows import callback_once

BENCHES = (callback_once.measure,)
