"""LibreOffice without a window, driven through UNO.

It is needed to make committed workbooks, not to test with them. On Debian: `apt-get install libreoffice-calc
python3-uno`. What talks to it runs in the Python that has its `uno` module (the system's, or the one UNO_PYTHON names),
so modules that are run there import nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_ATTEMPTS = 120
AS_XLSX, AS_PDF = "Calc MS Excel 2007 XML", "calc_pdf_Export"


def is_installed() -> bool:
    return shutil.which("soffice") is not None and Path(_python()).exists()


def run_with_uno(module: str, *arguments: str | Path, stdin: str = "") -> str:
    """Run a module of this repository in the Python that has `uno`; what it prints."""
    command = [_python(), "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, input=stdin, text=True, check=True, stdout=subprocess.PIPE).stdout


def _python() -> str:
    return os.environ.get("UNO_PYTHON", "/usr/bin/python3")


@contextmanager
def desktop() -> Iterator[Any]:
    """A LibreOffice of its own, with settings nobody has touched; its desktop, which opens documents."""
    with tempfile.TemporaryDirectory() as profile:
        pipe = f"qjt{os.getpid()}"
        office = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                "--nologo",
                f"--accept=pipe,name={pipe};urp;",
                f"-env:UserInstallation=file://{profile}",
            ]
        )
        try:
            yield _connect(pipe)
        finally:
            office.terminate()
            office.wait()


def _connect(pipe: str) -> Any:
    import uno  # type: ignore[import-not-found, unused-ignore]

    resolver = uno.getComponentContext().ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", uno.getComponentContext()
    )
    for _ in range(START_ATTEMPTS):
        try:
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        except Exception:
            time.sleep(0.5)
    raise SystemExit("LibreOffice did not start.")


@contextmanager
def document(desktop: Any, path: Path) -> Iterator[Any]:
    """An opened document; nothing is repaired on the way."""
    import uno  # type: ignore[import-not-found, unused-ignore]

    url = uno.systemPathToFileUrl(str(path.resolve()))
    opened = desktop.loadComponentFromURL(url, "_blank", 0, (_argument("Hidden", True),))
    if opened is None:
        raise SystemExit(f"LibreOffice cannot open {path.name}.")
    try:
        yield opened
    finally:
        opened.close(True)


def save(document: Any, path: Path, *, form: str = AS_XLSX) -> None:
    import uno  # type: ignore[import-not-found, unused-ignore]

    document.storeToURL(uno.systemPathToFileUrl(str(path.resolve())), (_argument("FilterName", form),))


def _argument(name: str, value: Any) -> Any:
    from com.sun.star.beans import PropertyValue  # type: ignore[import-not-found, unused-ignore]

    return PropertyValue(name, 0, value, 0)


def columns_of(sheet: Any, *, within: int = 40) -> dict[str, int]:
    """Positions of a sheet's columns by the header in its first row; a required one shows a star behind its words."""
    return {sheet.getCellByPosition(at, 0).String.rstrip("＊"): at for at in range(within)}
