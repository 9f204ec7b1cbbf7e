"""A device that judges without a network, as a folder and the command line."""

import datetime
import json


class Device:
    """A tablet: a folder with keys, trust list and bundle; nothing else judges."""

    def __init__(self, server, path):
        self.server, self.path = server, path

    def fetch(self, whole=False):
        a = self.server.authority.path
        if whole:
            (self.path / "bundle").unlink(missing_ok=True)
        for command in (["trust", "-o", str(self.path / "trust.list")],
                        ["bundle", "-o", str(self.path / "bundle"), "--log-key", str(a / "log.vkey")]):
            done = self.server.salvo("gate", *command, "--trust-key", str(a / "trust.vkey"))
            assert done.returncode == 0, done.stderr
        return self

    def judge(self, paper, hours=0, mrz=None, remembers=False, **options):
        """Exit code, verdict and reasons of a bar code's bytes or a file."""
        file = self.path / "paper"
        if not file.exists() or file.read_bytes() != paper:  # another judgement may be reading it
            file.write_bytes(paper)
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        command = ["--json", "verify", "--offline", str(file), "--trust-key",
                   str(self.server.authority.path / "trust.vkey"), "--trust-list", str(self.path / "trust.list"), "--bundle",
                   str(self.path / "bundle"), "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")]
        if mrz:
            (self.path / "mrz").write_text(mrz)
            command += ["--mrz", str(self.path / "mrz")]
        if remembers:
            command += ["--device", str(self.path / "memory")]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        done = self.server.salvo("gate", *command)
        report = json.loads(done.stdout)["report"]
        return done.returncode, report["verdict"].removeprefix("VERDICT_"), [r.removeprefix("REASON_") for r in report.get("reasons", [])]


def seal_of(document):
    return document.visible_seals[0].seal
