"""Writes the accounts of image/tree/usr/lib/sysusers.d/foyer.conf into a root that has no package yet.

Called by mmdebstrap's essential hook with the root as its argument; systemd-sysusers is not there yet then.
Knows the three line types that the file uses: g (group), u (user) and m (member).
"""

import shlex
import sys
from pathlib import Path

SYSUSERS = Path(__file__).parent / "tree/usr/lib/sysusers.d/foyer.conf"
# No password fits; the package passwd moves it to /etc/shadow when it is set up.
LOCKED = "!*"


def account_lines(sysusers: str) -> dict[str, list[str]]:
    """The lines to append to passwd and group; raises ValueError on a line type not known here."""
    files: dict[str, list[str]] = {"passwd": [], "group": []}
    groups: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    for line in sysusers.splitlines():
        match shlex.split(line, comments=True):
            case []:
                continue
            case ["g", name, gid]:
                groups[name] = gid
            case ["u", name, ids, description, home]:
                uid, gid = ids.split(":")
                files["passwd"].append(f"{name}:{LOCKED}:{uid}:{gid}:{description}:{home}:/usr/sbin/nologin")
            case ["m", name, group]:
                members.setdefault(group, []).append(name)
            case _:
                raise ValueError(f"{SYSUSERS}: not understood: {line}")
    for name, gid in groups.items():
        files["group"].append(f"{name}:x:{gid}:{','.join(members.get(name, []))}")
    return files


def main(root: Path) -> None:
    for name, lines in account_lines(SYSUSERS.read_text()).items():
        with (root / "etc" / name).open("a") as file:
            file.writelines(line + "\n" for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
