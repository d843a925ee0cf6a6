"""The figures of the first call: one file each, named after the figure. make_run.py adds `ready_s`."""

from tests.bench.first_call import (
    ami_events_per_s,
    cpu_ratio,
    event_p95_ms,
    invite_p95_ms,
    page_p95_ms,
    python_pss_mb,
)

BENCHES = (
    cpu_ratio.measure,
    invite_p95_ms.measure,
    event_p95_ms.measure,
    ami_events_per_s.measure,
    page_p95_ms.measure,
    python_pss_mb.measure,
)
