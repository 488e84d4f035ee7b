"""How a command is started on a host: as it is on this machine, through ssh on another."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from zoo_core.contract import ConfigError
from zoo_core.distributed.network import is_this_machine
from zoo_core.plugins import VARIABLE, config_file

SSH_OPTIONS = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
"""Never asks, and finds a cut link within 20 s. Host keys are checked as the user's own configuration says."""

SSH_FAILED = 255
"""Exit code of ssh itself, where there is no connection or no longer one."""


def ssh_words(ssh: str) -> list[str]:
    """The words of a command line that starts ssh.

    Raises:
        ConfigError: it is none.
    """
    try:
        words = shlex.split(ssh)
    except ValueError as error:
        raise ConfigError(f"launch.ssh needs a command line ({error}). Received: '{ssh}'") from error
    if not words:
        raise ConfigError("launch.ssh needs a command line, such as 'ssh -p 2222'. Received: an empty one")
    return words


def on_host(host: str, command: Sequence[str], ssh: str) -> list[str]:
    """A command line that runs `command` on a host, in a folder of the same name as the working one.

    Args:
        host: its name.
        command: the program by its path, and its arguments.
        ssh: command line that starts ssh.
    """
    if is_this_machine(host):
        return list(command)
    options = [word for option in SSH_OPTIONS for word in ("-o", option)]
    setting = "".join(f"{name}={shlex.quote(value)} " for name, value in _variables().items())
    # The shell stays, to tell of a signal by its exit code: ssh alone would say 255 of a rank that was killed.
    script = f"cd {shlex.quote(str(Path.cwd()))} && {setting}{shlex.join(command)}; exit $?"
    # /bin/sh, whatever the user's own shell understands.
    return [*ssh_words(ssh), *options, host, f"exec /bin/sh -c {shlex.quote(script)}"]


def _variables() -> dict[str, str]:
    """What a command needs from its start: where modules are, and which plugins may be loaded."""
    python_path, config = os.environ.get("PYTHONPATH"), config_file()
    variables = {"PYTHONPATH": python_path, VARIABLE: str(config.absolute()) if config else None}
    return {name: value for name, value in variables.items() if value}
