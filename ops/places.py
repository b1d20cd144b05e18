"""Where things lie inside one clone. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = ROOT / "instance"
RUN = INSTANCE / "run"
LOG = INSTANCE / "log"
VENV = ROOT / ".venv"

#: Environment variable every web and job process of a clone carries; it says whose child a process is.
MARK = "QJT_RUN_OF"


def venv_python() -> Path:
    """Return the interpreter of the clone's virtual environment (which may not exist yet)."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make_instance_folders() -> None:
    """Create the folders for pids and logs; raises OSError where that is impossible."""
    INSTANCE.mkdir(exist_ok=True)
    RUN.mkdir(exist_ok=True)
    LOG.mkdir(exist_ok=True)
