"""Takes out of the box's messages what nobody may read in them, whoever asks: passwords, keys, tokens.

The processes do not log secrets; this is the second lock, since a library or a command may. It knows secrets
by what stands in front of them and by how the box makes its own.
"""

from __future__ import annotations

import re

HIDDEN = "***"
# Each run of letters is looked at once and taken whole (++): a long line must not take long.
_NAMED = re.compile(
    r"(?i)(?<![\w-])((?=[\w-]*(?:password|passwd|passphrase|secret|token|otp|cookie|api[_-]?key|private[_-]?key)"
    r"|(?:[\w-]*-)?(?:authorization|csrf|response|c?nonce)(?![\w-]))[\w-]++['\"]?\s*+[=:]\s*+)"
    r"((?:(?:basic|bearer|digest)\s+)?)(\"[^\"]*\"|'[^']*'|[^\s,;&]+)"
)
# One-time passwords: three or four groups of four (setup/secrets.py, webui/wizard.py).
_ONE_TIME = re.compile(r"(?<![\w-])[a-z2-9]{4}(?:-[a-z2-9]{4}){2,3}(?![\w-])")
# What secrets.token_urlsafe and base64 make: long, and of letters of both cases with digits.
_RANDOM = re.compile(
    r"(?<![\w+/=-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[0-9])[\w+/-]{20,}={0,2}(?![\w+/-])"
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def hide_secrets(text: str) -> str:
    """The text with `***` in place of each secret."""
    text = _KEY_BLOCK.sub(HIDDEN, text)
    text = _NAMED.sub(lambda found: found[1] + HIDDEN, text)
    text = _ONE_TIME.sub(HIDDEN, text)
    # A path has such runs as well, but with slashes between shorter words.
    return _RANDOM.sub(lambda found: found[0] if _is_path(found[0]) else HIDDEN, text)


def _is_path(run: str) -> bool:
    return "/" in run and max(map(len, run.split("/"))) < 20
