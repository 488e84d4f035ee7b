"""The command line: one file a verb, and nothing heavy is imported until the verb runs."""

import sys
from collections.abc import Sequence

from zoo_core.contract import ZooError

MISTAKE = 2
"""Exit code of every mistake that a user can make."""

INTERRUPTED = 130
"""Exit code of Ctrl-C, as shells have it: 128 and the signal's number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `zoo`.

    A mistake becomes one line on stderr; every other exception is a fault of ours and keeps its traceback.

    Args:
        arguments: those of this process where there are none.
    Returns:
        The exit code.
    """
    # Here, because the ranks of a run import zoo_core.cli.rank, which needs neither.
    import click

    from zoo_core.cli.verbs import zoo

    try:
        return zoo.main(arguments, prog_name="zoo", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return MISTAKE
    except click.UsageError as error:
        more = f" ('{error.ctx.command_path} --help' says more)" if error.ctx else ""
        return _complain(error.format_message() + more)
    except click.ClickException as error:
        return _complain(error.format_message())
    except ZooError as error:
        return _complain(str(error))
    except (click.Abort, KeyboardInterrupt):
        print("zoo: interrupted", file=sys.stderr)
        return INTERRUPTED


def _complain(text: str) -> int:
    print("zoo: error:", " ".join(text.split()), file=sys.stderr)
    return MISTAKE
