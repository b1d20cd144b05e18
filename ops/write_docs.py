"""Write what docs/ says of states and permissions from the tables in code: ``python -m ops.write_docs``.

A test compares, so the documents cannot lag behind; nobody edits them by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from backoffice.actor import Role
from backoffice.messages.labels import LABELS
from backoffice.permissions import ROLE_PERMISSIONS, Permission
from backoffice.states import AppointmentStatus, SlipStatus
from backoffice.workflow import ITEM_TRANSITIONS, REGISTRATION_TRANSITIONS, Transition

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Written by `python -m ops.write_docs`; a test compares. -->"


def state_diagrams() -> str:
    """docs/state-diagrams.md: the transitions of items and registrations, and the states derived from items'."""
    return "\n".join(
        (
            "# States",
            "",
            NOTE,
            "",
            "Transitions are the tables of `backoffice/workflow.py`; buttons and refusals come from them too.",
            "",
            "## Item (one instrument of an appointment)",
            "",
            *_diagram(ITEM_TRANSITIONS),
            "",
            *_table(ITEM_TRANSITIONS),
            "",
            "## Registration",
            "",
            *_diagram(REGISTRATION_TRANSITIONS),
            "",
            *_table(REGISTRATION_TRANSITIONS),
            "",
            "## Appointment and slip",
            "",
            "Their states are functions of their items' states (`workflow.appointment_status`,",
            "`workflow.slip_status`); nobody sets them.",
            "",
            *_words("Appointment", AppointmentStatus),
            "",
            *_words("Slip", SlipStatus),
            "",
        )
    )


def _permissions(step: Transition) -> str:
    """What the actor needs, and what somebody needs who does it on behalf (代办)."""
    return ", ".join(f"`{each}`" for each in (step.permission, *step.on_behalf))


def permission_matrix() -> str:
    """docs/permissions.md: which role holds which permission."""
    roles = list(ROLE_PERMISSIONS)
    lines = [
        "# Permissions",
        "",
        NOTE,
        "",
        "`scope:resource:action`, from `backoffice/permissions.py`; `backoffice/scoping.py` says whose rows those are.",
        "`all:reference:edit` belongs to a person, not to a role: a regulator whose account is marked for it.",
        "",
        f"| permission | {' | '.join(f'{LABELS[Role][role]} `{role}`' for role in roles)} |",
        f"| --- | {' | '.join('---' for _ in roles)} |",
    ]
    for permission in Permission:
        held = ("✓" if permission in ROLE_PERMISSIONS[role] else " " for role in roles)
        lines.append(f"| `{permission}` | {' | '.join(held)} |")
    return "\n".join((*lines, ""))


def _diagram(transitions: Iterable[Transition]) -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2"]
    named: dict[str, StrEnum] = {}
    arrows = []
    for step in transitions:
        for source in step.sources:
            named |= {source.value: source, step.target.value: step.target}
            arrows.append(f"    {source.value} --> {step.target.value}: {step.action.value}")
    lines += [f'    state "{LABELS[type(state)][state]} {code}" as {code}' for code, state in named.items()]
    return [*lines, *arrows, "```"]


def _table(transitions: Iterable[Transition]) -> list[str]:
    lines = ["| action | from | to | permission | reason needed |", "| --- | --- | --- | --- | --- |"]
    for step in transitions:
        sources = ", ".join(f"`{source}`" for source in step.sources)
        words = "yes" if step.needs_words else ""
        lines.append(f"| {step.action} | {sources} | `{step.target}` | {_permissions(step)} | {words} |")
    return lines


def _words(title: str, states: type[StrEnum]) -> list[str]:
    rows = [f"| `{state}` | {LABELS[states][state]} |" for state in states]
    return [f"| {title} | on screen |", "| --- | --- |", *rows]


def documents() -> Mapping[str, str]:
    """The generated documents by file name."""
    return {"state-diagrams.md": state_diagrams(), "permissions.md": permission_matrix()}


def main() -> None:
    """Write them."""
    for name, text in documents().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
