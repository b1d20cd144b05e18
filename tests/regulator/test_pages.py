"""Every page of the panel opens for whom it is meant, in Chinese, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from backoffice import audit
from backoffice.audit import AuditAction
from backoffice.database import db
from backoffice.models import InstitutionSuspension, Laboratory, User
from backoffice.services import job_runs, notices
from tests import factories
from tests.regulator.conftest import Browser

REGULATOR_LISTS = (
    "enterprises",
    "instruments",
    "institutions",
    "designations",
    "capabilities",
    "kinds",
    "divisions",
    "notices",
    "job-runs",
    "options",
)
LATIN = re.compile(r"[A-Za-z]{3,}")


def words_of(page: str) -> str:
    """What a person reads of a page: no tags, scripts or attributes."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style|head)[\s\S]*?</\1>", " ", page))


@pytest.fixture
def world(panel_app: object, city: User) -> dict[str, object]:
    """One of everything in 张店区."""
    enterprise = factories.EnterpriseFactory()
    instrument = factories.InstrumentFactory(enterprise=enterprise)
    capability = factories.CapabilityFactory()
    institution = capability.institution
    designation = factories.DesignationFactory(institution=institution)
    db.session.add(Laboratory(institution=institution, name="压力室"))
    db.session.add(InstitutionSuspension(institution=institution, starts_on=date(2020, 1, 1), reason="标准器送检"))
    notices.tell_regulator("370300", "notice_job_failed", enterprise, job="matching")
    job_runs.note_failure("matching", "OperationalError")
    actor = factories.actor_of(city)
    for row in (enterprise, institution, capability, designation, instrument):
        audit.record(actor, AuditAction.REFERENCE_CREATED, row, after=audit.values_of(row))
    db.session.flush()
    return {
        "enterprises": enterprise,
        "instruments": instrument,
        "institutions": institution,
        "capabilities": capability,
        "designations": designation,
    }


@pytest.mark.parametrize("noun", REGULATOR_LISTS)
def test_a_regulator_reads_every_list_in_chinese(
    noun: str, city: User, world: dict[str, object], browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(city)
    for url in (f"/regulator/{noun}/", f"/regulator/{noun}/?q=压力&tab=all"):
        words = words_of(browser.text(url))
        assert not LATIN.findall(words.replace("MPa", "").replace("user", "").replace("Excel", "")), LATIN.findall(
            words
        )


@pytest.mark.parametrize("noun", ["enterprises", "instruments", "institutions", "capabilities", "designations"])
def test_a_record_has_its_facts_and_its_history(
    noun: str, city: User, world: dict[str, object], browser_of: Callable[[User], Browser]
) -> None:
    page = browser_of(city).text(f"/regulator/{noun}/{world[noun].id}")  # type: ignore[attr-defined]
    assert "历史" in page and city.name in page
    assert not LATIN.findall(words_of(page).replace("MPa", "")), LATIN.findall(words_of(page))


@pytest.mark.parametrize("noun", ["enterprises", "institutions", "capabilities", "designations", "kinds", "divisions"])
def test_new_and_edit_forms_open_in_chinese(
    noun: str, city: User, world: dict[str, object], browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(city)
    key = {"kinds": "1401", "divisions": "370303"}.get(noun) or world[noun].id  # type: ignore[attr-defined]
    for url in (f"/regulator/{noun}/new", f"/regulator/{noun}/{key}/edit"):
        words = words_of(browser.text(url)).replace("MPa", "")
        assert not LATIN.findall(words), LATIN.findall(words)


@pytest.mark.parametrize("who", ["auditor", "admin"])
@pytest.mark.parametrize("noun", ["enterprises", "instruments", "institutions", "kinds", "notices"])
def test_auditor_and_administrator_have_no_business_pages(
    who: str, noun: str, request: pytest.FixtureRequest, browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(request.getfixturevalue(who))
    assert browser.get(f"/regulator/{noun}/").status_code == 404


def test_the_home_leads_auditor_and_administrator_to_their_own_pages(
    auditor: User, admin: User, browser_of: Callable[[User], Browser]
) -> None:
    assert browser_of(auditor).get("/regulator/").location == "/regulator/audit-events/"
    assert browser_of(admin).get("/regulator/").location == "/regulator/users/"


def test_each_sees_only_the_own_menu(
    auditor: User, admin: User, city: User, browser_of: Callable[[User], Browser]
) -> None:
    menus = {}
    for user, url in ((auditor, "/regulator/audit-events/"), (admin, "/regulator/users/"), (city, "/regulator/kinds/")):
        side = re.search(r'<nav class="side"[\s\S]*?</nav>', browser_of(user).text(url))
        assert side
        menus[user.role.value] = re.findall(r'<a href="([^"]+)"', side[0])
    assert menus["auditor"] == ["/regulator/audit-events/"]
    assert menus["admin"] == ["/regulator/job-runs/", "/regulator/users/", "/regulator/mails/"]
    assert "/regulator/audit-events/" not in menus["regulator"]
    assert "/regulator/users/" not in menus["regulator"]
    assert "/regulator/capabilities/" in menus["regulator"]


def test_the_audit_shows_who_what_and_the_values_in_words(
    auditor: User, city: User, world: dict[str, object], browser_of: Callable[[User], Browser]
) -> None:
    browser = browser_of(auditor)
    listed = browser.text("/regulator/audit-events/")
    assert "授权检定项目" in listed and city.name in listed
    key = re.search(r'href="(/regulator/audit-events/\d+)"', browser.text("/regulator/audit-events/?tab=reference"))
    assert key
    page = browser.text(key[1])
    assert "改后" in page and "淄博" in page
    assert browser.post(key[1] + "/edit").status_code in (404, 405)


def test_the_job_list_says_since_when_jobs_have_not_run(city: User, browser_of: Callable[[User], Browser]) -> None:
    assert "没有运行" in browser_of(city).text("/regulator/job-runs/")


def test_the_job_list_says_that_all_is_well(city: User, browser_of: Callable[[User], Browser]) -> None:
    job_runs.beat("matching")
    assert "后台任务正常" in browser_of(city).text("/regulator/job-runs/")


def test_a_failed_run_shows_no_programming_words(
    city: User, world: dict[str, object], browser_of: Callable[[User], Browser]
) -> None:
    page = browser_of(city).text("/regulator/job-runs/")
    assert "OperationalError" not in page and "程序出错" in page
