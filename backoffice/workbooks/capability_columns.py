"""The import columns of authorised kinds (授权检定项目): what the form of a single one asks."""

from __future__ import annotations

from backoffice.workbooks.columns import Column, Content

EXAMPLE_NUMBER = "示例（本行不导入）"
PUBLIC, INTERNAL = "public", "internal"
SCOPES = {PUBLIC: "面向社会", INTERNAL: "仅限内部"}

COLUMNS: tuple[Column, ...] = (
    Column(
        code="number",
        header="授权编号",
        content=Content.CODE_TEXT,
        max_length=20,
        width=18,
        help="新增的授权留空。下载含现有授权的表时已填好，系统凭它更新原有授权，请勿改动。",
    ),
    Column(
        code="institution_id",
        header="技术机构",
        content=Content.NAME,
        required=True,
        max_length=100,
        width=32,
        help="机构的全称，可从下拉列表中选择；全省的机构都可以填。",
        aliases=("机构", "机构名称", "技术机构名称"),
    ),
    Column(
        code="laboratory_id",
        header="检定室",
        content=Content.FREE_TEXT,
        max_length=50,
        help="要属于这个机构；不分检定室的留空。",
        aliases=("科室", "实验室"),
        offers_list=True,
    ),
    Column(
        code="kind_code",
        header="种别",
        content=Content.KIND,
        required=True,
        max_length=100,
        width=28,
        help="强检器具目录里的种别，填代码或名称，可从下拉列表中选择。代码是文本，开头的 0 不能丢。",
        aliases=("种别代码", "强检器具种别", "检定项目", "授权检定项目"),
    ),
    Column(
        code="areas",
        header="服务区域",
        content=Content.AREAS,
        required=True,
        max_length=8000,
        width=36,
        help="行政区划的代码或名称，几个之间用“、”隔开；填一个区域就包括它下面的全部区域，只能填本辖区内的。",
        aliases=("区域", "授权区域", "行政区划"),
    ),
    Column(
        code="valid_from",
        header="有效期自",
        content=Content.DAY,
        max_length=20,
        help="如 2026-05-10；留空表示一直有效。",
        aliases=("生效日期", "授权日期"),
    ),
    Column(
        code="valid_until",
        header="有效期至",
        content=Content.DAY,
        max_length=20,
        help="最后一天仍然有效；留空表示没有期限。",
        aliases=("到期日期", "失效日期"),
    ),
    Column(
        code="document_number",
        header="授权证书文号",
        content=Content.FREE_TEXT,
        max_length=64,
        width=24,
        help="计量授权证书或批准文件的文号。",
        aliases=("文号", "授权证书号", "证书编号"),
    ),
    Column(
        code="delivery_modes",
        header="送检方式",
        content=Content.CHOICES,
        required=True,
        max_length=60,
        width=24,
        help="送检、现场检定（外检），都能做的两个都填，用“、”隔开。",
        aliases=("检定方式",),
    ),
    Column(
        code="unit_scope",
        header="服务对象",
        content=Content.CHOICE,
        max_length=20,
        width=12,
        help="面向社会，或仅限内部；留空为面向社会。",
    ),
    Column(
        code="internal_units",
        header="仅限内部的单位",
        content=Content.CODE_TEXT,
        max_length=8000,
        width=30,
        help="“仅限内部”时填写统一社会信用代码，几个之间用“、”隔开；总机构的代码不包括分支机构。",
    ),
    Column(
        code="measuring_range",
        header="测量范围",
        content=Content.FREE_TEXT,
        max_length=100,
        width=18,
        help="例如“(0～60) MPa”“≤150 kg”；留空表示不限。",
        aliases=("量程",),
    ),
    Column(
        code="accuracies",
        header="准确度等级",
        content=Content.FREE_TEXT,
        max_length=200,
        width=18,
        help="能检定的等级，用“、”隔开，例如“1.0级、1.6级”；留空表示不限。",
        aliases=("准确度", "精度等级"),
    ),
)
