"""A host that is none: what ssh would run there is run here."""

from pathlib import Path

import pytest

SSH = """#!/bin/sh
echo "$@" > {folder}/ssh-was-called-with
for word; do command=$word; done
exec /bin/sh -c "$command"
"""


@pytest.fixture
def ssh(tmp_path: Path) -> str:
    """A program that does as ssh, without another host."""
    program = tmp_path / "ssh"
    program.write_text(SSH.format(folder=tmp_path))
    program.chmod(0o755)
    return str(program)
