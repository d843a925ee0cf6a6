"""What a real Asterisk must show of a site: the objects that its ids say, and nothing else."""

from __future__ import annotations

import re

from appliance.apply import objects
from appliance.pbx.conf import extensions_conf, pjsip_conf
from appliance.store.sitemodel import Site

# Those of the hand-written files, and what every site has beside them.
FIXED_CONTEXTS = frozenset(
    (
        *re.findall(r"^\[(.+)\]$", "\n".join(text for _, text in extensions_conf.steps()), re.MULTILINE),
        *("foyer-closing", "foyer-features", "foyer-in-unknown", "foyer-in-sim", "foyer-extensions"),
        "foyer-inside",
        "foyer-hands",
        *("foyer-agent-of", "foyer-emergency", "foyer-country", "foyer-limits", "foyer-zone"),
        "foyer-back-kinds",
        *(
            "foyer-lines",
            "foyer-all-lines",
            "foyer-closed-channels",
            "foyer-outside-box",
            "foyer-kind",
            "foyer-kind-unknown",
        ),
    )
)


def assert_intended(wanted: Site, found: objects.Objects) -> None:
    """`found` holds what the site's ids say, and nothing else; names and texts have no say."""
    agents = {agent.id for agent in wanted.agents}
    lines = {line.id for line in wanted.lines}
    _assert_sip(agents, lines, found)
    assert {name: one.strategy for name, one in found.queues.items()} == {
        queue.id: queue.strategy for queue in wanted.queues
    }
    outside = {f"foyer-{kind}-{agent}" for kind in ("agent", "codes", "outside") for agent in agents}
    kinds = {name for name in found.contexts if re.fullmatch(r"foyer-kind-\d", name)}
    parts = ("queue", "closed", "empty", "full", "late")
    queues = {f"foyer-{part}-{queue.id}" for queue in wanted.queues for part in parts}
    incoming = {f"foyer-{kind}-{one}" for one in lines for kind in ("in", "numbers")}
    ready = {f"foyer-ready-{agent}" for agent in agents}
    flows = {f"foyer-flow-{flow.id}" for flow in wanted.flows}
    hours = {f"foyer-hours-{schedule.id}" for schedule in wanted.schedules}
    groups = {f"foyer-paging-{paging.id}" for paging in wanted.pagings}
    tried = {
        f"foyer-test-{way}": line
        for line in wanted.lines
        for way in ((*line.spans, *line.ports) or (line.id,))
    }
    calls = queues | incoming | ready | flows | hours | groups | tried.keys()
    assert found.contexts.keys() == FIXED_CONTEXTS | outside | kinds | calls
    extensions = found.contexts["foyer-extensions"].extensions
    assert extensions == {agent.extension: (f"Gosub(foyer-ring,s,1({agent.id}))",) for agent in wanted.agents}
    for agent in agents:
        (steps,) = found.contexts[f"foyer-ready-{agent}"].extensions.values()
        own = (queue for queue in wanted.queues if agent in queue.agents)
        anew = (f"Gosub(foyer-again,s,1({one.id},{agent},{one.level(agent)}))" for one in own)
        assert steps == (*anew, "Return()")
        rules = found.contexts[f"foyer-outside-{agent}"].extensions
        wanted_kinds = "-".join(wanted.outbound.kinds_of(agent))
        dial = f"Gosub(foyer-outside,s,1({agent},{wanted_kinds},${{FILTER(0-9*#+,${{EXTEN}})}}))"
        assert rules == {"_X!": (dial,), "_+X!": (dial,)}
        code = f"Gosub(foyer-code,s,1({agent},${{FILTER(0-9*#+,${{EXTEN}})}}))"
        assert found.contexts[f"foyer-codes-{agent}"].extensions == {"_*X!": (code,), "_**X!": (code,)}
        own_codes = (
            *("foyer-extensions", "foyer-inside", "foyer-resume", "foyer-closing"),
            f"foyer-codes-{agent}",
        )
        ways = ("foyer-emergency", *own_codes, f"foyer-outside-{agent}")
        assert found.contexts[f"foyer-agent-{agent}"] == objects.Context({}, ways)
    for name, line in tried.items():
        ((step,),) = found.contexts[name].extensions.values()
        assert re.fullmatch(rf"Gosub\(foyer-line-test,s,1\({line.id},[^()$]*,{line.calls}\)\)", step)
    number = "${FILTER(0-9*#+,${EXTEN})}"
    for (way,) in found.contexts["foyer-hands"].extensions.values():
        assert re.fullmatch(rf"Gosub\(foyer-hand-on,s,1\([a-z]+,{re.escape(number)}\)\)", way)
    numbers = found.contexts["foyer-inside"].extensions.keys()
    assert numbers == {room.extension for room in wanted.rooms} | {one.extension for one in wanted.pagings}
    plain = {"foyer-inside", *flows, *(f"foyer-numbers-{one}" for one in lines)}
    assert not [one for name in plain for one in found.contexts[name].extensions if one.startswith("_")]
    assert found.music.keys() == {"default", "calm"} | {one.id for one in wanted.music}
    for queue in wanted.queues:
        (steps,) = found.contexts[f"foyer-queue-{queue.id}"].extensions.values()
        assert len(steps) == 1
        assert steps[0].startswith(f"Gosub(foyer-queue,s,1({queue.id},{queue.max_wait_seconds},")


def _assert_sip(agents: set[str], lines: set[str], found: objects.Objects) -> None:
    phones = agents | {f"{one}d" for one in agents}
    assert found.sip["endpoint"] == phones | lines | {"sim", "sim-out", pjsip_conf.REFUSED}
    assert found.sip["aor"] == phones | lines | {"sim-out"}
    assert found.sip["auth"] - lines == phones | {"sim", pjsip_conf.STAMP}
    assert found.sip["registration"] <= lines
