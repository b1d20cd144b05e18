"""The package imports nothing but the standard library's pure parts and itself."""

import ast
from pathlib import Path

import backoffice.matching

ALLOWED = {
    "collections.abc", "dataclasses", "datetime", "decimal", "enum", "json", "math", "re", "types", "typing",
    "unicodedata",
}  # fmt: skip


def test_matching_imports_no_database_clock_chance_web_or_other_part_of_the_application() -> None:
    for path in Path(backoffice.matching.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert {name.name for name in node.names} <= ALLOWED, path.name
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 1 or node.module in ALLOWED, path.name
            elif isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "today", "utcnow"}, path.name
