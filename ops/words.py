"""What the commands say, and the one exception that ends a command with words instead of a traceback.

Standard library only, and parsed by every Python from 3.8 on: it is imported before the version is known to be right.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


class Stop(Exception):
    """The command cannot go on; says in Chinese and in English, one sentence each, what the person should do."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.chinese = chinese
        self.english = english


class Console:
    """Where steps are told; ``make db`` keeps stdout for its one result and moves the steps to stderr."""

    def __init__(self) -> None:
        self.to_stderr = False

    def say(self, text: str) -> None:
        """Print one line at once, in whatever encoding the terminal has; a terminal that is gone hears nothing."""
        stream: TextIO = sys.stderr if self.to_stderr else sys.stdout
        encoding = stream.encoding or "ascii"
        with contextlib.suppress(OSError):
            print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


console = Console()


def say(text: str) -> None:
    """Tell the person one line."""
    console.say(text)


def step(number: int, total: int, what: str) -> None:
    """Name the step that begins now, e.g. ``3/6 启动数据库``."""
    say(f"{number}/{total} {what}")


def disk_full(where: object) -> Stop:
    """The words for a disk without room."""
    return Stop(
        f"磁盘空间不足（{where}）：请清理出至少 1 GB 空间，然后重新运行同一条命令。",
        f"The disk is full ({where}): free at least 1 GB, then run the same command again.",
    )


def unwritable(where: object) -> Stop:
    """The words for a folder this user may not write to."""
    return Stop(
        f"没有写入权限（{where}）：请把项目放到您可以写入的文件夹，或用该文件夹的所有者运行。",
        f"No permission to write ({where}): move the project to a folder of yours, or run as that folder's owner.",
    )


def stop_for_os_error(error: OSError) -> Stop:
    """Turn what the operating system refused into what the person should do."""
    where = error.filename or Path.cwd()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return unwritable(where)
    return Stop(
        f"系统拒绝了操作（{error.strerror or error}，{where}）：请排除该问题后重新运行。",
        f"The system refused ({error.strerror or error}, {where}): put that right, then run again.",
    )


def run_with_words(main: Callable[..., int], *args: Any) -> int:
    """Run a command's ``main`` and return its exit code; a :class:`Stop` or a refusing system becomes two sentences."""
    try:
        return main(*args)
    except Stop as stop:
        problem = stop
    except OSError as error:
        problem = stop_for_os_error(error)
    except KeyboardInterrupt:
        print("\n已中断；重新运行会接着完成。 / Interrupted; run again to continue.", file=sys.stderr, flush=True)
        return 130
    errors = Console()
    errors.to_stderr = True
    errors.say(f"✗ {problem.chinese}")
    errors.say(f"✗ {problem.english}")
    return 1
