"""The process that `trial` starts: `python -m zoo_core.plugins.judge KIND NAME FILE` writes the verdict to FILE."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from zoo_core.contract import PluginError, ZooError
from zoo_core.plugins.registry import create, find, load
from zoo_core.plugins.verdicts import Verdict


def judge(kind: str, name: str) -> Verdict:
    """The verdict on a plugin, found in this process."""
    summary = None
    try:
        plugin = load(kind, name)
        summary = plugin.summary
        create(kind, name, plugin.config())
    except PluginError as error:
        return Verdict("unhealthy", str(error), summary)
    except ZooError:
        pass
    except Exception as error:
        text = " ".join(str(error).split())
        reason = f"{find(kind, name).title} makes no object from its defaults: {type(error).__name__}: {text}"
        return Verdict("unhealthy", reason, summary)
    return Verdict("ok", None, summary)


if __name__ == "__main__":
    _, _kind, _name, _file = sys.argv
    Path(_file).write_text(json.dumps(asdict(judge(_kind, _name))))
