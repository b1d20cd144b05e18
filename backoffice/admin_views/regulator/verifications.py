"""检定结果 of the area, by place of use: read only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from ...permissions import Permission
from ..verification_pages import VerificationPages


class RegulatorVerifications(VerificationPages):
    """What institutions published about instruments used in the area."""

    panel_name = "regulator"
    permissions = {"view": Permission.AREA_RESULTS_READ}
    menu_group = _l("业务")
    column_list = (
        "instrument",
        "outcome",
        "document_number",
        "verified_on",
        "valid_until",
        "enterprise",
        "institution",
    )
    empty_title = _l("还没有检定结果")
    empty_help = _l("技术机构发布本辖区所用器具的检定结果后，会列在这里。")
