"""The figures of the first call: one file each, named after the figure."""

from tests.bench.first_call import (
    ami_events_per_s,
    event_p95_ms,
    invite_p95_ms,
    page_p95_ms,
    python_pss_mb,
    ready_s,
)

BENCHES = (
    invite_p95_ms.measure,
    event_p95_ms.measure,
    ami_events_per_s.measure,
    page_p95_ms.measure,
    python_pss_mb.measure,
    ready_s.measure,
)
