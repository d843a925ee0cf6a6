"""The settings of a port for a digital line in words: what can be chosen, what a revision changed. Pure."""

from __future__ import annotations

from appliance.webui.i18n import N_

# Names of standards and makes are the same in every language.
TYPES = {
    "e1": ("E1", N_("30 calls at once. Nearly everywhere in the world.")),
    "t1": ("T1", N_("23 calls at once. North America.")),
    "j1": ("J1", N_("23 calls at once. Japan.")),
    "bri": (
        "BRI",
        N_("2 calls at once. ISDN over the wires of an ordinary telephone line (S0, basic rate)."),
    ),
}
SIDES = {
    "user": (
        N_("The telephone company"),
        N_("The box is its customer's telephone system (user side). The usual way."),
    ),
    "network": (
        N_("A telephone system of yours"),
        N_("The box plays the telephone company for it (network side)."),
    ),
}
SWITCHES = {
    "euroisdn": N_("Euro-ISDN (EDSS1, ETSI)"),
    "national": N_("National ISDN 2 (NI-2)"),
    "ni1": N_("National ISDN 1 (NI-1)"),
    "dms100": "Nortel DMS-100",
    "5ess": "Lucent 5ESS",
    "4ess": "AT&T 4ESS",
    "qsig": N_("Q.SIG, between telephone systems"),
}
CLOCKS = {
    False: (N_("The other side"), N_("The usual way with a telephone company.")),
    True: (N_("This box"), N_("Only where the other side takes its clock from the box.")),
}
FRAMINGS = {"esf": N_("ESF, extended superframe"), "d4": N_("D4, superframe")}
CODINGS = {"usual": N_("HDB3 (E1), B8ZS (T1 and J1)"), "ami": "AMI"}
LABELS = {
    "name": N_("Name"),
    "number": N_("Number"),
    "device": N_("Telephone card"),
    "port": N_("Port of the card"),
    "type": N_("Kind of line"),
    "side": N_("Who is at the other end"),
    "switch": N_("What the other side's exchange speaks"),
    "crc4": N_("Checksum (CRC4)"),
    "calls": N_("Calls at once that the contract allows"),
    "closed": N_("Channels closed for calls"),
    "own_clock": N_("Who gives the clock"),
    "overlap": N_("Digits one by one (overlap dialing)"),
    "framing": N_("Framing of T1 and J1"),
    "coding": N_("Coding"),
    "panel": N_("Place on the patch panel"),
    "multipoint": N_("Other devices may be on the same wires (point to multipoint)"),
}


def value(name: str, chosen: object) -> str:
    """What was chosen for a field (msgid, or a name that is the same everywhere); "" where it speaks for
    itself.
    """
    if name == "own_clock":
        return CLOCKS[bool(chosen)][0]
    pairs = {"type": TYPES, "side": SIDES}.get(name)
    if pairs is not None:
        return pairs[str(chosen)][0]
    return {"switch": SWITCHES, "framing": FRAMINGS, "coding": CODINGS}.get(name, {}).get(str(chosen), "")
