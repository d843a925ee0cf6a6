"""foyer-setup's work on a folder, with the box's real accounts."""

import grp
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import SetupError
from appliance.settings import Settings
from appliance.setup import __main__ as setup
from appliance.setup import folders, secrets


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A box whose /data is empty."""
    return Settings(data=tmp_path / "data")


def look(path: Path) -> tuple[str, str, str]:
    """Owner, group and mode."""
    found = path.stat()
    return (
        pwd.getpwuid(found.st_uid).pw_name,
        grp.getgrgid(found.st_gid).gr_name,
        f"{stat.S_IMODE(found.st_mode):o}",
    )


def test_folders_are_made_and_mended(settings: Settings) -> None:
    for _ in range(2):
        for folder in folders.folders(settings):
            folders.make(settings, folder)
            assert look(folder.path) == (folder.owner, folder.group, f"{folder.mode:o}")
    kept = settings.recordings / "a.wav"
    kept.write_bytes(b"sound")
    os.chown(settings.recordings, 65534, 65534)
    settings.recordings.chmod(0o777)
    for folder in folders.folders(settings):
        folders.make(settings, folder)
    assert look(settings.recordings) == ("asterisk", "asterisk", "2770")
    assert kept.read_bytes() == b"sound"


@pytest.mark.parametrize("name", ["asterisk", "asterisk/lib", "asterisk/recordings"])
def test_nothing_is_given_away_through_a_link(settings: Settings, tmp_path: Path, name: str) -> None:
    """Whoever owns a folder of /data could otherwise have root hand him any other."""
    precious = tmp_path / "etc"
    precious.mkdir(mode=0o700)
    before = look(precious)
    link = settings.data / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(precious, target_is_directory=True)
    with pytest.raises(SetupError, match="not a folder, but a link"):
        for folder in folders.folders(settings):
            folders.make(settings, folder)
    assert look(precious) == before and list(precious.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
def test_a_planted_secret_is_replaced(tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "shadow"
    precious.write_text("root:x")
    precious.chmod(0o600)
    before, secret = look(precious), secrets.SECRETS[0]
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in (secret.name, f".{secret.name}.part"):
        if kind == "link":
            (folder / name).symlink_to(precious)
        elif kind == "hard link":
            (folder / name).hardlink_to(precious)
        else:
            os.mkfifo(folder / name)
    assert secrets.ensure(folder, secret)
    assert look(precious) == before and precious.read_text() == "root:x"
    made = folder / secret.name
    assert made.is_file() and not made.is_symlink()
    assert look(made) == (secret.owner, secret.group, f"{secret.mode:o}")


def test_secrets_are_made_once(tmp_path: Path) -> None:
    for secret in (*secrets.SECRETS, secrets.ONE_TIME):
        assert secrets.ensure(tmp_path, secret)
        first = (tmp_path / secret.name).read_text()
        assert not secrets.ensure(tmp_path, secret)
        assert (tmp_path / secret.name).read_text() == first
        assert look(tmp_path / secret.name) == (secret.owner, secret.group, f"{secret.mode:o}")
    values = [(tmp_path / secret.name).read_text() for secret in secrets.SECRETS]
    assert len(set(values)) == len(values)


def test_a_recovery_key_is_given_to_the_pages(tmp_path: Path) -> None:
    assert not secrets.correct(tmp_path, secrets.RECOVERY) and list(tmp_path.iterdir()) == []
    place = tmp_path / secrets.RECOVERY.name
    place.write_text("cbdefghi")
    assert secrets.correct(tmp_path, secrets.RECOVERY)
    assert look(place) == ("foyer-webui", "root", "400") and place.read_text() == "cbdefghi"


def test_a_secret_half_written_is_made_again(tmp_path: Path) -> None:
    secret = secrets.SECRETS[0]
    (tmp_path / f".{secret.name}.part").write_text("hal")
    (tmp_path / secret.name).touch()
    assert secrets.ensure(tmp_path, secret)
    assert len((tmp_path / secret.name).read_text().strip()) == 32
    assert [path.name for path in tmp_path.iterdir()] == [secret.name]


def test_the_one_time_password_can_be_read_aloud(tmp_path: Path) -> None:
    secrets.ensure(tmp_path, secrets.ONE_TIME)
    words = (tmp_path / secrets.ADMIN_OTP).read_text().strip().split("-")
    assert [len(word) for word in words] == [4, 4, 4, 4]
    assert not set("il1o0") & set("".join(words))


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A box that is ready to start, in a folder that each of its accounts may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("FOYER_DATA", folder)
        settings = Settings.load()
        setup.set_up(settings)
        yield settings


def test_asterisks_files_are_rendered_as_foyer_apply(box: Settings) -> None:
    live = (box.config / "live").resolve()
    for file in ("asterisk/asterisk.conf", "asterisk/pjsip.conf"):
        assert look(live / file) == ("foyer-apply", "asterisk", "640")
    assert os.geteuid() == 0


def test_without_a_store_the_last_good_files_stay(box: Settings) -> None:
    live = (box.config / "live").readlink()
    box.db.write_bytes(b"lost" * 1024)
    setup.render_configuration(box)
    assert (box.config / "live").readlink() == live
    (box.config / "live").unlink()
    with pytest.raises(SetupError, match="none could be rendered"):
        setup.render_configuration(box)
