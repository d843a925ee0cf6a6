"""The box's Asterisk, asked by its own console: what a test may not learn from Foyer's pages."""

from tests.image.box import Box

CONF = "/data/config/live/asterisk/asterisk.conf"


class Exchange:
    """Asterisk in the box."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def cli(self, command: str) -> str:
        """Output of a console command."""
        return self._box.run("asterisk", "-C", CONF, "-rx", command)

    def conf(self, name: str) -> str:
        """A configuration file in use."""
        return self._box.run("cat", f"/data/config/live/asterisk/{name}")

    @property
    def is_up(self) -> bool:
        """Whether it answers, with every module loaded."""
        asked = self._box.run("asterisk", "-C", CONF, "-rx", "core waitfullybooted", check=False)
        return "fully booted" in asked

    @property
    def calls(self) -> int:
        """How many legs are up."""
        for line in self.cli("core show channels count").splitlines():
            if line.endswith(("active channels", "active channel")):
                return int(line.split()[0])
        raise AssertionError("Asterisk does not say how many legs it has")

    def members(self, queue: str = "q1") -> list[str]:
        """Lines of `queue show` about members: their place is in brackets, a caller's is not."""
        return [line.strip() for line in self.cli(f"queue show {queue}").splitlines() if "(PJSIP/" in line]

    def waiting(self, queue: str = "q1") -> int:
        """How many callers are in the queue."""
        return self.cli(f"queue show {queue}").count("(wait: ")

    def log_tail(self, lines: int = 60) -> str:
        """Its queues, its legs, its messages, for a failed test's report."""
        commands = ("queue show", "core show channels", "pjsip show contacts")
        told = [self._box.run("asterisk", "-C", CONF, "-rx", command, check=False) for command in commands]
        messages = self._box.state / "asterisk/log/messages"
        if messages.exists():
            told += messages.read_text("utf-8", "replace").splitlines()[-lines:]
        return "\n".join(told)
