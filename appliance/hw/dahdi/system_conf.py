"""system.conf: how DAHDI's drivers talk on each span. Read by dahdi_cfg(8). Pure."""

from __future__ import annotations

from appliance.hw.dahdi.plan import ISDN, CardPlan, PlannedPort, PlannedSpan

# The kernel's own, for cards that do not take echo away themselves.
ECHO_CANCELLER = "oslec"
# No tone of DAHDI's is heard on lines of a telephone company, but its channels do not start without a set of
# them.
_ZONE = "us"


def render(plan: CardPlan) -> str:
    """The file's text."""
    spans = "".join(_span(span) for span in plan.spans)
    ports = "".join(_port(port) for port in plan.ports)
    return f"{spans}{ports}loadzone={_ZONE}\ndefaultzone={_ZONE}\n"


def _span(span: PlannedSpan) -> str:
    line = f"{span.framing},{span.coding}" + (",crc4" if span.crc4 and span.type == "e1" else "")
    if span.type == "bri_nt":
        # The network's end ends the wires, too (ITU-T I.430 8.4). Cards with jumpers take no notice.
        line += ",nt,term"
    # Cards for ISDN lines pack and unpack what is on the D channel themselves.
    signalling = "hardhdlc" if span.type in ISDN else "dchan"
    return (
        # The number after the clock is the length of the cable, of T1 and J1 alone: 0 is up to 40 m.
        f"span={span.number},{span.clock},0,{line}\n"
        f"bchan={span.bearers}\n"
        f"{signalling}={span.signalling}\n"
        f"echocanceller={ECHO_CANCELLER},{span.bearers}\n"
    )


def _port(port: PlannedPort) -> str:
    # A port for a line (FXO) is signalled like the telephone that it plays: FXS, with kewlstart.
    return f"fxsks={port.channel}\nechocanceller={ECHO_CANCELLER},{port.channel}\n"
