"""The plumbing around every page: the gate, headers, errors in Chinese, the log, one-time keys."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading

import gunicorn.util
import pytest
from flask import Flask, get_flashed_messages
from markupsafe import Markup
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import default_exceptions

from backoffice import web
from backoffice.actor import Role
from backoffice.database import db
from backoffice.models import FormKey
from backoffice.web import access, server_page
from backoffice.web.errors import explain
from backoffice.web.form_keys import Done, once
from backoffice.web.request_log import JsonFormatter
from tests.factories import InstrumentFactory, UserFactory

LIST = "/enterprise/instruments/"


def page(answer):
    return answer.get_data(as_text=True)


# Access


def test_an_undeclared_endpoint_keeps_the_application_from_starting():
    app = Flask("bare")
    app.config["SECRET_KEY"] = "x"
    web.init_app(app)
    app.add_url_rule("/open", "open", lambda: "open")
    assert access.undeclared(app) == ["open"]
    with pytest.raises(access.UndeclaredEndpoints):
        access.check(app)


def test_the_access_table_names_every_rule_with_its_roles(sample_app):
    rows = {(row.rule, row.methods): row for row in access.access_table(sample_app)}
    assert len(rows) == len(list(sample_app.url_map.iter_rules()))
    edit = rows[LIST + "<key>/edit", ("GET", "POST")]
    assert (edit.roles, edit.public) == (("enterprise",), False)
    assert rows["/static/<path:filename>", ("GET",)].public
    assert rows["/regulator/", ("GET",)].roles == ("regulator",)


def test_decorators_admit_whom_they_name(sample_app):
    assert access.access_of(sample_app, "boom").public
    one = access.roles("auditor")(lambda: "")
    assert one.access.roles == {Role.AUDITOR}
    assert Role.SYSTEM not in access.signed_in(lambda: "").access.roles


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "http:evil.example",
        "https://evil.example/",
        "/\\evil",
        "\\/evil",
        "/a\nb",
        "evil",
        "",
        None,
        "javascript:alert(1)",
        "/%0a\r",
        "///evil",
    ],
)
def test_only_paths_of_this_site_are_followed(target):
    assert access.safe_path(target) is None


def test_a_path_of_this_site_is_followed():
    assert access.safe_path("/enterprise/instruments/?q=表&tab=all") == "/enterprise/instruments/?q=表&tab=all"


def test_a_visitor_comes_back_to_where_they_wanted_to_go(browser_of):
    answer = browser_of().get(LIST + "?q=a&tab=all")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/enterprise/instruments/%3Fq%3Da%26tab%3Dall"


def test_a_visitors_post_leads_to_the_sign_in_page_and_not_to_an_expired_form(browser_of):
    answer = browser_of().client.post(LIST + "new", data={})
    assert (answer.status_code, answer.location) == (302, f"/login?next={LIST}new")


# Headers


@pytest.mark.parametrize("url", [LIST, "/nowhere", "/boom", "/boom.json", "/login", "/static/app.css", "/enterprise"])
def test_every_answer_carries_the_security_headers(browser_of, clerk, url):
    headers = browser_of(clerk).get(url).headers
    policy = headers["Content-Security-Policy"]
    assert "object-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert len(headers["X-Request-ID"]) >= 8
    assert "Strict-Transport-Security" not in headers


def test_the_nonce_is_new_for_every_answer(browser_of, clerk):
    browser = browser_of(clerk)
    policies = {browser.get(LIST).headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


def test_signed_in_pages_and_errors_are_not_stored(browser_of, clerk):
    browser = browser_of(clerk)
    assert browser.get(LIST).headers["Cache-Control"] == "no-store"
    assert browser.get("/nowhere").headers["Cache-Control"] == "no-store"
    assert browser.get("/static/app.css").headers.get("Cache-Control") != "no-store"


def test_hsts_is_sent_behind_tls_only(sample_app, browser_of, clerk, monkeypatch):
    from dataclasses import replace

    settings = sample_app.config["SETTINGS"]
    monkeypatch.setitem(sample_app.config, "SETTINGS", replace(settings, public_url="https://qjt.example"))
    assert "max-age=31536000" in browser_of(clerk).get(LIST).headers["Strict-Transport-Security"]


def test_pages_have_no_inline_script_style_or_handler(browser_of, clerk):
    row = InstrumentFactory(enterprise=clerk.enterprise)
    browser = browser_of(clerk)
    for url in (LIST, f"{LIST}{row.id}", LIST + "new", f"{LIST}{row.id}/stop", f"{LIST}{row.id}/delete", "/nowhere"):
        text = page(browser.get(url))
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        assert "javascript:" not in text
        assert "<script>" not in text
        assert '<html lang="zh-CN">' in text
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text


# Errors


def test_errors_are_chinese_pages_without_details(browser_of, clerk):
    browser = browser_of(clerk)
    for url, status, words in (
        ("/nowhere", 404, "找不到这个页面"),
        ("/boom", 500, "系统出错了"),
        ("/boom?kind=number", 400, "请求有误"),
        ("/boom?kind=conflict", 409, "已被处理"),
        ("/boom?kind=often", 429, "15 分钟后再试"),
    ):
        answer = browser.get(url)
        text = page(answer)
        assert answer.status_code == status
        assert words in text
        assert answer.headers["X-Request-ID"] in text
        assert "secret detail" not in text
        assert "Traceback" not in text
    answer = browser.client.put(LIST)
    assert answer.status_code == 405
    assert "不能这样打开" in page(answer)


@pytest.mark.parametrize("status", sorted(default_exceptions))
def test_every_error_the_framework_knows_has_a_chinese_page(sample_app, status):
    with sample_app.test_request_context("/nowhere"):
        answer = sample_app.make_response(sample_app.handle_user_exception(default_exceptions[status]()))
    told = re.sub(r'<span class="code">.*?</span>', "", page(answer).partition("<h1>")[2])
    text = re.sub(r"<[^>]+>", " ", told)
    assert answer.status_code == status
    assert not re.search(r"[A-Za-z]{3,}", text), text
    assert explain(status).title in text


def test_what_the_server_refuses_by_itself_is_said_in_chinese_and_repeats_nothing():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server_page.speak_chinese()
        gunicorn.util.write_error(ours, 414, "URI Too Long", "Request Line is too large (9000 > 8190) <script>")
        said = theirs.recv(65536).decode()
    head, _, body = said.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 414 ") and f"Content-Length: {len(body.encode())}" in head
    assert "网址太长" in body and "Request Line" not in body and '<html lang="zh-CN">' in body


def test_errors_of_json_paths_are_json(browser_of):
    answer = browser_of().get("/boom.json")
    assert answer.status_code == 500
    assert answer.json["title"] == "系统出错了"
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


class Refusal(Exception):
    """What a driver raises underneath."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DataError("s", {}, Refusal("22003")), 400),
        (StatementError("m", "s", {}, ValueError("bad")), 400),
        (StaleDataError("1 row expected"), 409),
        (IntegrityError("s", {}, Refusal("23505")), 409),
        (OperationalError("s", {}, Refusal("55P03")), 409),
        (OperationalError("s", {}, Refusal("40P01")), 409),
        (OperationalError("s", {}, Refusal("57P01")), 503),
        (OperationalError("s", {}, Refusal("")), 503),
    ],
)
def test_database_errors_become_the_answer_people_can_act_on(sample_app, error, status):
    with sample_app.test_request_context("/anything"):
        answer = web.errors.database_error(error)
    assert answer.status_code == status
    assert "SQL" not in page(answer)


def test_a_database_that_is_away_is_a_chinese_503_page(sample_app, browser_of, clerk, monkeypatch):
    browser = browser_of(clerk)

    def away(*_args, **_kwargs):
        raise OperationalError("SELECT 1", {}, Refusal("08006"))

    monkeypatch.setattr(db.session, "get", away)
    answer = browser.get(LIST)
    assert answer.status_code == 503
    assert "系统暂时不可用" in page(answer)
    assert answer.headers["Retry-After"] == "5"


# The log


def test_a_request_is_one_json_line_without_query_and_with_the_person(browser_of, clerk, caplog):
    browser = browser_of(clerk)
    with caplog.at_level(logging.INFO, "backoffice.access"):
        answer = browser.get(LIST + "?q=13905330001", headers={"X-Request-ID": "proxy-id-0001"})
    record = caplog.records[-1]
    line = json.loads(JsonFormatter().format(record))
    assert answer.headers["X-Request-ID"] == "proxy-id-0001"
    assert (line["method"], line["path"], line["status"], line["user_id"]) == ("GET", LIST, 200, clerk.id)
    assert line["ms"] > 0
    assert "13905330001" not in json.dumps(line)


def test_a_malformed_request_id_is_replaced(browser_of):
    answer = browser_of().get("/login", headers={"X-Request-ID": "<script>"})
    assert "<" not in answer.headers["X-Request-ID"]


# One-time keys


def test_two_threads_with_one_key_have_one_effect(sample_app):
    user = UserFactory(of_enterprise=True)
    db.session.commit()
    done: list[str] = []
    effects: list[int] = []

    def send() -> None:
        with sample_app.test_request_context("/x", method="POST", data={"form_key": "t" * 24}):
            done.append(once(lambda: effects.append(1) or Done(f"/made/{len(effects)}", "好")).location)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert effects == [1]
    assert set(done) == {"/made/1"}
    assert db.session.query(FormKey).count() == 1
    assert user.id


def test_a_secret_is_said_on_the_first_arrival_only_and_stored_nowhere(sample_app):
    said = []
    for _ in range(2):
        with sample_app.test_request_context("/x", method="POST", data={"form_key": "s" * 24}):
            once(lambda: Done("/made", "链接只显示这一次。", secret=Markup("<b>t0ken</b>")))
            said.append(str(get_flashed_messages()))
    assert "t0ken" in said[0] and "t0ken" not in said[1] and "链接只显示这一次。" in said[1]
    with sample_app.app_context():
        assert [row.said for row in db.session.query(FormKey)] == ["链接只显示这一次。"]


def test_a_refused_form_gives_its_key_back(sample_app):
    with sample_app.test_request_context("/x", method="POST", data={"form_key": "u" * 24}):
        with pytest.raises(ZeroDivisionError):
            once(lambda: 1 // 0)
        assert once(lambda: Done("/ok")).location == "/ok"
