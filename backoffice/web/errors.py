"""The one place that turns errors into answers (the status table of docs/outside.md, point 4)."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from .. import messages
from ..database import db
from ..errors import ServiceError
from .request_log import request_id

log = logging.getLogger("backoffice.errors")
_record_action = re.compile(r"(/[a-z]+/[a-z-]+/(?!batch/)[^/]+)/[a-z-]+")
BUSY_SQLSTATES = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available: somebody else was at the same row; trying again helps."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an error page says: what happened, and how to go on."""

    title: str
    help: str


def explain(status: int) -> Explanation:
    """The words for a status; unknown ones get those of 400 or 500."""
    texts = {
        400: (_("请求有误"), _("链接或填写的内容不完整，请返回上一页检查后再试。")),
        401: (_("请先登录"), _("这个页面要登录后才能打开，请登录后再试。")),
        403: (_("没有权限"), _("您的账号不能进行这项操作，请从菜单重新进入。")),
        404: (_("找不到这个页面"), _("链接可能已失效，或者您没有查看它的权限。请从菜单重新进入。")),
        410: (_("这个页面已经没有了"), _("内容已被移走，请从菜单重新进入。")),
        414: (_("网址太长"), _("要查找的内容太长，请缩短后再试。")),
        423: (_("内容已锁定"), _("正由他人或其他业务使用，请稍后再试。")),
        431: (_("请求太大"), _("浏览器送来的内容太多，请清除本网站的浏览数据后重新登录。")),
        501: (_("不支持这种操作"), _("本系统没有这项功能，请返回上一页，用页面上的按钮操作。")),
        504: (_("等待超时"), _("系统一时没有回应，您填写的内容可能没有保存。请一分钟后刷新页面查看。")),
        405: (_("不能这样打开"), _("这个地址只用于提交表单，请返回上一页，用页面上的按钮操作。")),
        409: (_("情况已变化"), _("记录已被更新，请刷新后查看最新状态。")),
        413: (_("文件太大"), _("上传的内容超过了允许的大小，请拆分后再上传。")),
        415: (_("不支持的文件类型"), _("请按页面说明选择文件类型后重新上传。")),
        422: (_("填写的内容需要修改"), _("请返回上一页，按提示修改后再提交。")),
        429: (_("操作太频繁"), _("为保护账号安全，请稍等几分钟再试。")),
        500: (_("系统出错了"), _("您填写的内容没有保存。请稍后再试；如仍出错，请把下面的编号告诉系统管理员。")),
        503: (_("系统暂时不可用"), _("数据库正在恢复，已提交成功的内容不会丢失。请一分钟后刷新页面。")),
    }
    title, help_ = texts.get(status) or texts[400 if status < 500 else 500]
    return Explanation(title, help_)


def answer(status: int, *, title: str = "", help_text: str = "") -> Response:
    """An error page, or JSON where the path asks for it."""
    words = explain(status)
    title, help_text = title or words.title, help_text or words.help
    if request.path.endswith(".json") or request.path in ("/healthz", "/readyz"):
        made = make_response(jsonify(status=status, title=title, message=help_text, request_id=request_id()), status)
    else:
        facts = {"title": title, "help": help_text, "request_id": request_id(), "back_url": _record_url(status)}
        page = plain_page(facts) if status >= 500 else framed_page(facts)
        made = make_response(page, status)
    if status == 503:
        made.headers["Retry-After"] = "5"
    return made


def _record_url(status: int) -> str:
    """After a lost race: the record whose action was asked for, to see what became of it."""
    found = _record_action.fullmatch(request.path) if status == 409 else None
    return found[1] if found else ""


def framed_page(facts: Mapping[str, Any]) -> str:
    """The page in the person's usual frame, or plain where the frame itself cannot be made."""
    try:
        return render_template("errors/page.html", **facts)
    except SQLAlchemyError:
        forget_transaction()
        return plain_page(facts)


def plain_page(facts: Mapping[str, Any]) -> str:
    """The page without frame and without Flask's context processors: those ask the database who is signed in."""
    return current_app.jinja_env.get_template("errors/plain.html").render(**facts)


def forget_transaction() -> None:
    """Roll back what the failed request left open, whatever state the connection is in."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session.remove()


def http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    if error.code is not None and 300 <= error.code < 400:
        return error.get_response()
    status = error.code or 500
    made = answer(status)
    if status == 405:
        made.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return made


def csrf_error(error: CSRFError) -> Response:
    """The form is older than the session, or was not sent by our page."""
    return answer(
        400,
        title=_("页面已过期"),
        help_text=_("为保护您的账号，这次提交没有生效。请返回上一页，刷新后重新提交；如已退出登录，请先登录。"),
    )


def service_error(error: ServiceError) -> Response:
    forget_transaction()
    if error.status == 404:
        return answer(404)
    return answer(error.status, help_text=messages.sentence(error.code, error.facts))


def database_error(error: SQLAlchemyError) -> Response:
    """Hostile values 400, a row somebody else holds or made 409, a database that is away 503; never SQL on a page."""
    forget_transaction()
    if _is_busy(error):
        return answer(409, title=_("别人正在处理"), help_text=_("同一条记录正被他人处理，请稍等片刻再试。"))
    if _is_away(error):
        log.warning("database away", exc_info=error)
        return answer(503)
    if isinstance(error, StaleDataError):
        return answer(409, help_text=messages.sentence("changed_meanwhile"))
    if isinstance(error, IntegrityError):
        log.warning("integrity", exc_info=error)
        return answer(409)
    if isinstance(error, DataError) or (isinstance(error, StatementError) and _is_bad_value(error)):
        return answer(400)
    return unexpected(error)


def bad_number(error: OverflowError) -> Response:
    forget_transaction()
    log.info("number out of range", exc_info=error)
    return answer(400)


def unexpected(error: Exception) -> Response:
    forget_transaction()
    log.error("unexpected", exc_info=error)
    return answer(500)


def _sqlstate(error: SQLAlchemyError) -> str:
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _is_busy(error: SQLAlchemyError) -> bool:
    return _sqlstate(error) in BUSY_SQLSTATES


def _is_away(error: SQLAlchemyError) -> bool:
    if isinstance(error, PoolTimeout) or getattr(error, "connection_invalidated", False):
        return True
    away = isinstance(error, (OperationalError, InterfaceError))
    return away or (isinstance(error, InternalError) and _sqlstate(error).startswith(("57", "08", "25")))


def _is_bad_value(error: StatementError) -> bool:
    """Bind processing failed (no driver error underneath but a value error)."""
    return isinstance(error.orig, (ValueError, TypeError, OverflowError, LookupError)) or _sqlstate(error)[:2] == "22"


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(ServiceError, service_error)
    app.register_error_handler(SQLAlchemyError, database_error)
    app.register_error_handler(OverflowError, bad_number)
    app.register_error_handler(Exception, unexpected)
