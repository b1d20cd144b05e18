"""Three hundred hostile requests, the same every time: refused or ignored, never an error of ours."""

from __future__ import annotations

import random
from urllib.parse import quote, urlencode

from .cases import Cases, takes_key
from .people import Visitor

REQUESTS = 300
NASTY = (
    "", "0", "-1", "9" * 19, "9" * 400, "1.5", "1e309", "NaN", "null", "true", "\x00", "a\x00b", "\ud800", "\u202e",
    "' OR 1=1 --", "\"; DROP TABLE instrument; --", "%", "%%", "_", "\\", "../../etc/passwd",
    "<script>alert(1)</script>",
    "{{7*7}}", "${7*7}", "%(a)s", "{0}", "=cmd|' /C calc'!A0", "http://evil.example/", "//evil.example", "\\\\evil",
    "１２３", "٣", "é" * 300, "压力表" * 200, "2026-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "[]", "[1]",
    "{}",
    "\r\nSet-Cookie: a=b", "a" * 3000,
)  # fmt: skip
KNOWN = ("tab", "q", "sort", "after", "before", "page", "id", "url", "next", "format", "ids", "all", "purpose", "until")
FIELDS = ("name", "code", "reason", "ids", "kind_code", "mode", "file")
PEOPLE = ("anonymous", "enterprise", "institution", "regulator", "auditor", "admin")


def test_no_hostile_request_is_answered_by_an_error_of_ours(cases: Cases, visitors: dict[str, Visitor]) -> None:
    chance = random.Random(20261125)
    rules = [rule for rule, _ in cases.rules() if "GET" in (rule.methods or ()) and rule.endpoint != "static"]
    bad = []
    for _ in range(REQUESTS):
        rule, visitor = chance.choice(rules), visitors[chance.choice(PEOPLE)]
        path = cases.anywhere(rule)
        if takes_key(rule):
            path = path.replace("/1", "/" + quote(chance.choice(NASTY).encode("utf-8", "surrogatepass"), safe=""), 1)
        names = chance.sample(KNOWN, 3)
        query = urlencode({name: chance.choice(NASTY).encode("utf-8", "surrogatepass") for name in names})
        answer = visitor.get(f"{path}?{query}")
        location = answer.location or ""
        if answer.status_code >= 500 or (location and not location.startswith("/")) or location.startswith("//"):
            bad.append(f"{answer.status_code} {path}?{query} {location}")
    assert not bad, "\n".join(bad)


def test_forms_full_of_nonsense_are_refused_not_broken(cases: Cases, visitors: dict[str, Visitor]) -> None:
    chance = random.Random(7)
    bad = []
    for name in ("enterprise", "institution", "regulator"):
        visitor = visitors[name]
        token = visitor.token()
        for rule, declared in cases.rules():
            if "POST" not in (rule.methods or ()) or rule.endpoint in ("portal.logout", "portal.login"):
                continue
            if visitor.role not in declared.roles:
                continue
            for url in cases.foreign(rule, visitor)[:1] or [cases.anywhere(rule)]:
                values = {
                    field: chance.choice(NASTY) for field in ("name", "code", "reason", "ids", "kind_code", "mode")
                }
                sent = {field: value.encode("utf-8", "replace") for field, value in values.items()}
                answer = visitor.client.post(url, data={"csrf_token": token, **sent}, buffered=True)
                if answer.status_code >= 500:
                    bad.append(f"{answer.status_code} {url} {values}")
    assert not bad, "\n".join(bad)
