"""Debian's copyright files as SPDX licence expressions, for the list of parts (image/sbom.py).

Debian's machine-readable format (copyright-format 1.0) has short names of its own; those that mean a licence
of the SPDX list are translated, every other one becomes a reference that carries its text. What is not
machine-readable stays unsaid: a guess would be worse.
"""

import re
from dataclasses import dataclass, field

import dpkg

NO_ASSERTION = "NOASSERTION"
FORMAT = re.compile(r"^format:\s*\S+/copyright-format/", re.IGNORECASE | re.MULTILINE)

# Debian's short name, in lower case -> SPDX identifier.
SAME = {
    name.lower(): name
    for name in (
        "0BSD", "AFL-2.1", "Apache-2.0", "Artistic-2.0", "Beerware", "BSD-2-Clause", "BSD-3-Clause",
        "BSD-4-Clause", "BSD-4-Clause-UC", "BSL-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0",
        "CC-BY-SA-4.0", "CC0-1.0", "curl", "FSFAP", "FSFUL", "FSFULLR", "FSFULLRWD", "HPND-sell-variant",
        "ISC", "Libpng", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "MS-PL", "NTP", "OFL-1.1", "TU-Berlin-1.0",
        "Unicode-DFS-2016", "Unlicense", "X11", "Zlib",
    )
}  # fmt: skip
OTHER = {
    "apache-2": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "expat": "MIT",
    "openldap-2.8": "OLDAP-2.8",
    "python": "PSF-2.0",
    "psf-2": "PSF-2.0",
}
# GPL-2+, LGPLv2.1, GPL-2.0-or-later ...
GNU = re.compile(r"(A?GPL|LGPL)-?v?(\d)(?:\.(\d))?(\+|-only|-or-later)?", re.IGNORECASE)
GNU_VERSIONS = {"GPL": ("1.0", "2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0"), "AGPL": ("1.0", "3.0")}


@dataclass
class Licences:
    """Makes expressions, and gathers in `texts` (reference -> text) what they refer to."""

    texts: dict[str, str] = field(default_factory=dict)

    def declared(self, source: str, copyright_file: str) -> str:
        """The expression for a package built from `source` with that copyright file."""
        if not FORMAT.search(copyright_file[:2000]):
            return NO_ASSERTION
        names: dict[str, None] = {}
        texts: dict[str, str] = {}
        for fields in dpkg.paragraphs(copyright_file):
            name, _, text = fields.get("license", "").partition("\n")
            name = name.strip()
            if not name:
                continue
            if text.strip():
                texts.setdefault(name.lower(), text)
            if "files" in fields:
                names[name] = None
        parts: dict[str, None] = {}
        for name in names:
            expression = self._expression(source, name, texts)
            parts |= dict.fromkeys([expression] if " OR " in expression else expression.split(" AND "))
        if not parts:
            return NO_ASSERTION
        return " AND ".join(f"({part})" if " OR " in part and len(parts) > 1 else part for part in parts)

    def _expression(self, source: str, name: str, texts: dict[str, str]) -> str:
        # A comma binds weakest: "A or B, and C" is "(A or B) and C".
        groups = re.split(r"\s*,\s*(and|or)\s+", name)
        for index in range(0, len(groups), 2):
            words = re.split(r"\s+(and|or)\s+", groups[index])
            words[::2] = [self._licence(source, word.strip(), texts) for word in words[::2]]
            words[1::2] = [word.upper() for word in words[1::2]]
            group = " ".join(words)
            groups[index] = f"({group})" if len(groups) > 1 and len(words) > 1 else group
        groups[1::2] = [word.upper() for word in groups[1::2]]
        return " ".join(groups)

    def _licence(self, source: str, name: str, texts: dict[str, str]) -> str:
        known = SAME.get(name.lower()) or OTHER.get(name.lower()) or _gnu(name)
        if known:
            return known
        plain = f"{source}-{name.replace('+', '-or-later')}"
        reference = "LicenseRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-")
        text = texts.get(name.lower(), f"{name}, as the package's copyright file says")
        self.texts.setdefault(reference, text)
        return reference


def _gnu(name: str) -> str:
    match = GNU.fullmatch(name)
    if not match:
        return ""
    family, version = match[1].upper(), f"{match[2]}.{match[3] or 0}"
    if version not in GNU_VERSIONS[family]:
        return ""
    return f"{family}-{version}-{'or-later' if match[4] in ('+', '-or-later') else 'only'}"
