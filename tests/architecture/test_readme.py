"""The READMEs say what there is: the make targets, the demo accounts, files and pictures."""

from __future__ import annotations

import csv
import re

import pytest

from .sources import ROOT

READMES = ("README.md", "README.zh-CN.md")
ACCOUNTS = ROOT / "seeds" / "demo_accounts.csv"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets() -> dict[str, tuple[str, str]]:
    """Targets of the Makefile with their Chinese and English words."""
    found = re.findall(r"^([a-z-]+):  ## (.*?) / (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (chinese, english) for name, chinese, english in found}


@pytest.mark.parametrize("name", READMES)
def test_the_commands_are_the_makefiles(name: str) -> None:
    words = 1 if name == "README.md" else 0
    rows = dict(re.findall(r"^\| `make ([a-z-]+)` \| (.*) \|$", text(name), re.MULTILINE))
    assert rows == {target: said[words] for target, said in targets().items()}
    assert set(re.findall(r"make ([a-z-]+)\b", "\n".join(re.findall(r"^make .*$", text(name), re.MULTILINE)))) <= set(
        targets()
    )


@pytest.mark.parametrize("name", READMES)
def test_the_accounts_are_the_files(name: str) -> None:
    shown = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| \S+ \| (.*) \|$", text(name), re.MULTILINE)
    with ACCOUNTS.open(encoding="utf-8", newline="") as file:
        stored = [(row["username"], row["password"], row["organisation"]) for row in csv.DictReader(file)]
    assert shown == stored


@pytest.mark.parametrize("name", READMES)
def test_the_first_steps_use_accounts_there_are(name: str) -> None:
    with ACCOUNTS.open(encoding="utf-8", newline="") as file:
        known = {row["username"] for row in csv.DictReader(file)}
    steps = re.findall(r"^\d\. .*$", text(name), re.MULTILINE)
    named = set(re.findall(r"`([^`/]+)`", "\n".join(steps)))
    assert named
    assert named <= known


@pytest.mark.parametrize("name", [*READMES, "docs/architecture.md"])
def test_links_and_pictures_exist(name: str) -> None:
    folder = (ROOT / name).parent
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text(name)) if "://" not in link]
    assert [link for link in links if not (folder / link).exists()] == []


def test_requirements_are_explained() -> None:
    explained = text("docs/dependencies.md").lower().replace("_", "-")
    for name in ("requirements.txt", "requirements-dev.txt"):
        packages = re.findall(r"^([A-Za-z][\w-]*)", text(name), re.MULTILINE)
        assert [each for each in packages if each.lower().replace("_", "-") not in explained] == []
