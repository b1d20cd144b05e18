"""The import columns of the mandatory catalogue: 项别 and 种别 in one table, told apart by their code."""

from __future__ import annotations

from backoffice.workbooks.columns import Column, Content

EXAMPLE_CODE = "示例"
ACTIVE, STOPPED = "active", "stopped"
STATUSES = {ACTIVE: "启用", STOPPED: "停用"}

COLUMNS: tuple[Column, ...] = (
    Column(
        code="code",
        header="代码",
        content=Content.CODE_TEXT,
        required=True,
        max_length=4,
        width=10,
        help="项别是 2 位数字，种别是 4 位数字；保存后不能再改。代码是文本，开头的 0 不能丢。",
        aliases=("种别代码", "项别或种别代码", "编码"),
    ),
    Column(
        code="name",
        header="名称",
        content=Content.FREE_TEXT,
        required=True,
        max_length=64,
        width=30,
        help="项别或种别的名称，照公告填写。",
        aliases=("种别名称", "项别或种别名称"),
    ),
    Column(
        code="item_code",
        header="所属项别",
        content=Content.CODE_TEXT,
        max_length=80,
        width=22,
        help="新增种别时必填，填项别代码，可从下拉列表中选择；保存后不能再改。项别自己留空。",
        aliases=("项别", "项别代码"),
        offers_list=True,
    ),
    Column(
        code="aliases",
        header="别名",
        content=Content.FREE_TEXT,
        max_length=2000,
        width=36,
        help="实际工作中的叫法，几个之间用“、”隔开；企业按这些名称也能找到它。",
        aliases=("常见名称",),
    ),
    Column(
        code="supervision",
        header="监管方式",
        content=Content.CHOICE,
        max_length=32,
        width=20,
        help="公告里怎样写就怎样选，未写明的留空（待确认）；不含“强制检定”的种别不能预约。",
    ),
    Column(
        code="verification_scheme",
        header="检定方式",
        content=Content.CHOICE,
        max_length=64,
        width=30,
        help="未写明的留空。",
        aliases=("强检方式",),
    ),
    Column(
        code="default_period_months",
        header="检定周期（月）",
        content=Content.WHOLE_NUMBER,
        max_length=4,
        help="单位是月；不确定就留空，录入结果时由技术机构填写有效期。",
        aliases=("检定周期", "周期"),
    ),
    Column(
        code="purposes",
        header="用途",
        content=Content.CHOICES,
        max_length=60,
        width=24,
        help="用于这些用途时属强制检定；几个之间用“、”隔开。",
    ),
    Column(
        code="scope_note",
        header="适用范围",
        content=Content.FREE_TEXT,
        max_length=300,
        width=40,
        help="目录里的限定语，例如“用于贸易结算的”。",
    ),
    Column(
        code="external_code",
        header="外部编码",
        content=Content.CODE_TEXT,
        max_length=16,
        help="其他系统使用的编码，没有就留空。",
    ),
    Column(
        code="status",
        header="状态",
        content=Content.CHOICE,
        max_length=10,
        width=10,
        help="启用或停用；留空表示不改，新增的为启用。停用项别时，它的种别都不能再新增和预约。",
    ),
    Column(
        code="reason",
        header="停用或启用的原因",
        content=Content.FREE_TEXT,
        max_length=200,
        width=30,
        help="状态改变时必填，会留在历史记录里；状态不变的留空。",
        aliases=("原因", "停用原因"),
    ),
)

OF_KINDS_ONLY = (
    "item_code",
    "aliases",
    "supervision",
    "verification_scheme",
    "default_period_months",
    "purposes",
    "scope_note",
)
"""What an item does not have."""
