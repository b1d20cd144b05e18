"""The packages that are only measured against, in an environment of their own below instance/: never in the product's.

Made once for each state of requirements-bench.txt, by the same package index as the product's own packages.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from ops.places import INSTANCE, ROOT

REQUIREMENTS = ROOT / "requirements-bench.txt"
FOLDER = INSTANCE / "bench-venv"
STAMP = FOLDER / "installed"


def python() -> Path:
    """The interpreter of that environment, made when it is not there or is of other packages."""
    interpreter = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if not (interpreter.exists() and STAMP.exists() and STAMP.read_text() == wanted):
        print("installing what is measured against …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
        install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(REQUIREMENTS)], check=True)
        STAMP.write_text(wanted)
    return interpreter
