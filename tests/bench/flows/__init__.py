"""The figures of calls that come in: one file each, named after the figure."""

from tests.bench.flows import apply_p95_ms, callback_once, render_ms

BENCHES = (render_ms.measure, apply_p95_ms.measure, callback_once.measure)
