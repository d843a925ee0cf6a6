"""The accounts that exist before any package does, and the ones that the root has in the end."""

import pwd
from pathlib import Path

import accounts
import pytest


def test_the_line_types_are_understood() -> None:
    lines = accounts.account_lines('# x\ng crew 7\nu ann 5:7 "Ann, first" /home\nm ann crew\nm bob crew\n')
    assert lines == {
        "passwd": ["ann:!*:5:7:Ann, first:/home:/usr/sbin/nologin"],
        "group": ["crew:x:7:ann,bob"],
    }


def test_another_line_type_is_refused() -> None:
    with pytest.raises(ValueError, match="r - 500-900"):
        accounts.account_lines("r - 500-900\n")


def test_packages_kept_the_accounts() -> None:
    lines = accounts.account_lines(Path("/usr/lib/sysusers.d/foyer.conf").read_text())
    for line in lines["passwd"]:
        name, _, uid, gid, *_ = line.split(":")
        entry = pwd.getpwnam(name)
        assert (entry.pw_uid, entry.pw_gid) == (int(uid), int(gid))
        assert entry.pw_shell == "/usr/sbin/nologin"
