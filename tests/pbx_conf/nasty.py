"""What somebody may type, send or paste, as hypothesis strategies."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    "a\nexten => s,1,System(x)",
    "a\r\n[evil]\ntype=endpoint",
    ";",
    "a;b",
    "\\;",
    "\\",
    ";--",
    "--;",
    ",",
    ")",
    "(",
    "${SHELL(id)}",
    "${EVAL(${EXTEN})}",
    "$[1+1]",
    "#include /etc/passwd",
    "#exec /bin/sh",
    "[general]",
    "[a1](!)",
    "[foyer-agents]",
    "=> x",
    "=",
    '"',
    "'",
    "`id`",
    "|",
    "&",
    "^",
    "<sip:x@y>",
    'x" <101>',
    "status will follow",
    "Response: Success",
    "%s%n",
    "a\tb",
    "a\0b",
    "\x1b[31m",
    "\u200f\u202eabc",
    "\u2066x",
    "a\u2028b",
    "\ufeffa",
    "ệ\u0301\u0323",
    "👩\u200d👧",
    "الهاتف",
    "ngã\u0303",
    "a@b",
    "+84",
    "*#",
    "s,1,Hangup",
    "_X.",
    "i",
    "x" * 4096,
    "ế" * 4096,
    " leading",
    "trailing ",
    "",
)
nasty = (
    st.sampled_from(NASTY)
    | st.text(max_size=30)
    | st.builds("{}{}".format, st.sampled_from(NASTY), st.text(max_size=8))
)
