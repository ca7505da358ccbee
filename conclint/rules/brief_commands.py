"""Commands that only ask the machine or a program about itself (`nvidia-smi`, `ffmpeg -version`): they are
over within a second, whatever they are asked.

`uname`, `hostname`, `git --version` and `python3 --version` take 1 to 5 ms (measured on Linux). `nvidia-smi`
and `system_profiler` take some tenths of a second, as their users report.
"""

from __future__ import annotations

import shlex
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import one_literal
from conclint.rules.chains import Hop
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_RUNNING: Final = frozenset(
    {
        "os.popen", "os.system", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
        "subprocess.getoutput", "subprocess.getstatusoutput", "subprocess.run",
    }
)  # fmt: skip
_ASKING: Final = frozenset({"--help", "--version", "-V", "-h", "-version", "version"})
_BRIEF: Final = frozenset(
    {
        "chmod", "clear", "cls", "getconf", "hostname", "id", "kill", "killall", "locale", "lsb_release",
        "lscpu", "lspci", "lsusb", "nvidia-smi", "pgrep", "pidof", "pkill", "ps", "reset", "rocm-smi",
        "sensors", "stty", "sw_vers", "sysctl", "system_profiler", "taskkill", "title", "tput", "tty",
        "uname", "uptime", "ver", "vcgencmd", "wmic", "where", "which", "who", "whoami", "xdpyinfo", "xrandr",
    }
)  # fmt: skip


def is_brief_command(evaluator: Evaluator, fact: CallableFact, hop: Hop) -> bool:
    """Whether the process that the call runs is over within a second, by the command that is written out."""
    if fact.name not in _RUNNING:
        return False
    site = evaluator.body(hop.key).sites[hop.site]
    given = [value for slot, value in site.args if slot in (0, "args", "command", "cmd")]
    words = _words(evaluator, hop, given[0]) if given else ()
    if not words or words[0] is None:
        return False
    program = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    return program in _BRIEF or (len(words) == 2 and words[1] in _ASKING)


def _words(evaluator: Evaluator, hop: Hop, value: int) -> tuple[str | None, ...]:
    """The words of a command, None for one that is not known."""
    node = graph.node(evaluator.body(hop.key), value)
    if node[0] in (Op.LIST, Op.TUPLE):
        return tuple(_text(evaluator, hop, part) for part in graph.operands(node))
    text = _text(evaluator, hop, value)
    if not text or any(mark in text for mark in "|;&\n"):
        return ()
    try:
        return tuple(shlex.split(text))
    except ValueError:  # a quotation mark that isn't closed
        return ()


def _text(evaluator: Evaluator, hop: Hop, value: int) -> str | None:
    known = one_literal(evaluator.evaluate(hop.key, value))
    return known.value if known is not None and isinstance(known.value, str) else None
