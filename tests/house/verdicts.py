"""What may come of each route of the API: the verdicts that tests/house/test_no_leak.py holds it to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.worlds import a_report

EAST = "440102"
"""The neighbouring district."""

MARK = "邻区"
"""In every text that lies in the neighbouring district."""

NEIGHBOUR = f"staff-{EAST}"


@dataclass(frozen=True)
class Verdict:
    """What may come of a route. `asks` fills its path and query, `says` its body, of the neighbour's things."""

    kind: str
    asks: tuple[dict[str, str], ...] = ({},)
    says: dict[str, Any] | None = None
    marked: bool = True
    """Whether who sees the whole city finds the mark in at least one of the answers."""


BOX = {"bbox": "113.02,23,113.04,23.04"}
BY_DATA_SET = tuple(
    {"data_set": data_set, "record_id": f"{{{data_set}}}"}
    for data_set in ("population", "persons", "enterprises", "assets", "units")
)
OPENING = {"data_set": "enterprises", "tier": "community", "region": EAST, "purpose": "x"}

ACCOUNT = ({"account_id": "{account}", "role_id": "1"},)

VERDICTS = {
    # borders, names, codes, dictionaries, the ground: open to every account
    "GET /api/city": Verdict("open"),
    "GET /api/categories": Verdict("open", ({"taxonomy": "source"},)),
    "GET /api/data-sets": Verdict("open"),
    "GET /api/regions/{scheme}": Verdict("open"),
    "GET /api/regions/{scheme}/{code}/border": Verdict("open", ({"code": EAST},)),
    "GET /api/tiles/regions/{scheme}/{edition}/{z}/{x}/{y}.mvt": Verdict(
        "open", ({"edition": "1", "z": "0", "x": "0", "y": "0"},)
    ),
    "GET /api/tiles/ground/{z}/{x}/{y}.mvt": Verdict("open", ({"z": "0", "x": "0", "y": "0"},)),
    # one's own session and account
    "POST /api/session": Verdict("own"),
    "GET /api/session": Verdict("own"),
    "DELETE /api/session": Verdict("own"),
    "POST /api/sessions/end-others": Verdict("own"),
    "GET /api/account": Verdict("own"),
    "PUT /api/account/password": Verdict("own"),
    "POST /api/account/second-factor": Verdict("own"),
    "POST /api/account/second-factor/confirm": Verdict("own"),
    "POST /api/account/second-factor/end": Verdict("own"),
    "POST /api/session/view": Verdict("deed", says={"account": "{account}"}),
    "DELETE /api/session/view": Verdict("own"),
    "POST /api/invitation": Verdict("own"),
    "POST /api/invitation/acceptance": Verdict("own"),
    "GET /api/account/tokens": Verdict("own"),
    "POST /api/account/tokens": Verdict("own"),
    # somebody's who is kept by the administrators of their region
    "GET /api/sessions": Verdict("scoped", ({"login": NEIGHBOUR},)),
    "DELETE /api/sessions/{session_id}": Verdict("deed", ({"session_id": "{session}"},)),
    "DELETE /api/account/tokens/{token_id}": Verdict("deed", ({"token_id": "{token}"},)),
    "GET /api/rights": Verdict("open"),
    "GET /api/accounts": Verdict("scoped", ({}, {"search": MARK})),
    "GET /api/accounts/{account_id}": Verdict("scoped", ACCOUNT),
    "POST /api/accounts": Verdict(
        "deed", says={"login": "leak", "name": "x", "roles": [{"role": "staff", "code": EAST}]}
    ),
    "PUT /api/accounts/{account_id}": Verdict("deed", ACCOUNT, {"name": "x"}),
    "POST /api/accounts/{account_id}/roles": Verdict("deed", ACCOUNT, {"role": "staff", "code": EAST}),
    **{
        f"POST /api/accounts/{{account_id}}/{deed}": Verdict("deed", ACCOUNT)
        for deed in ("disabling", "enabling", "invitation")
    },
    **{
        f"DELETE /api/accounts/{{account_id}}/{what}": Verdict("deed", ACCOUNT)
        for what in ("roles/{role_id}", "sessions", "second-factor")
    },
    "POST /api/accounts/import": Verdict("file"),
    # what lies in regions
    "GET /api/regions/{scheme}/{code}": Verdict("scoped", ({"code": EAST}, {"code": "44"}), marked=False),
    "GET /api/regions/{scheme}/{code}/figures": Verdict("scoped", ({"code": EAST}, {"code": "44"})),
    "GET /api/figures/today": Verdict("scoped", marked=False),
    "GET /api/incidents": Verdict(
        "scoped", ({}, {"region": EAST}, {"region": "44"}, {"ids": "{incident}"}, {"state": "open"})
    ),
    "GET /api/incidents/points": Verdict("scoped", (BOX,)),
    "GET /api/incidents/open-counts": Verdict("scoped", ({**BOX, "tier": "grid"}, {**BOX, "tier": "district"})),
    "GET /api/incidents/{incident_id}": Verdict("scoped", ({"incident_id": "{incident}"},)),
    "GET /api/live": Verdict("stream"),
    "GET /api/records/{data_set}": Verdict(
        "scoped", tuple({**each, "region": region} for each in BY_DATA_SET for region in (EAST, "44"))
    ),
    "GET /api/records/{data_set}/{record_id}": Verdict("scoped", BY_DATA_SET),
    "GET /api/records/{data_set}/{record_id}/corrections": Verdict(
        "scoped", ({"data_set": "enterprises", "record_id": "{enterprises}"},)
    ),
    "GET /api/corrections": Verdict("scoped", ({}, {"state": "all"})),
    "GET /api/pushdowns": Verdict("scoped"),
    "GET /api/pushdowns/{pushdown_id}/receipts": Verdict("scoped", ({"pushdown_id": "{pushdown}"},), marked=False),
    "GET /api/pushdowns/{pushdown_id}/versions": Verdict("scoped", ({"pushdown_id": "{pushdown}"},)),
    "POST /api/pushdowns/preview": Verdict("scoped", says=OPENING, marked=False),
    "GET /api/given": Verdict("scoped", marked=False),
    "GET /api/registers": Verdict("open"),
    "GET /api/audit": Verdict("scoped"),
    "GET /api/audit/deeds": Verdict("open"),
    "GET /api/audit/health": Verdict("own"),
    "POST /api/audit/export": Verdict("scoped", says={"reason": "x"}),
    # deeds: refused, and nothing has changed
    "POST /api/incidents": Verdict(
        "deed", says=a_report(2.5, 0.5, source_id="leak").model_dump(mode="json", exclude_none=True)
    ),
    "POST /api/incidents/batch": Verdict("batch"),
    "POST /api/registers/{kind}/examine": Verdict("register"),
    "POST /api/registers/{kind}/import": Verdict("register"),
    "POST /api/records/{data_set}/{record_id}/corrections": Verdict(
        "deed", BY_DATA_SET, {"field": "name", "before": "x", "after": "x", "reason": "x"}
    ),
    "POST /api/records/{data_set}/{record_id}/reveal": Verdict("deed", BY_DATA_SET, {"field": "phone", "reason": "x"}),
    "POST /api/corrections/{correction_id}/decision": Verdict(
        "deed", ({"correction_id": "{correction}"},), {"confirm": True}
    ),
    "POST /api/pushdowns": Verdict("deed", says=OPENING),
    "POST /api/pushdowns/{pushdown_id}/withdrawal": Verdict("deed", ({"pushdown_id": "{pushdown}"},), {}),
    "POST /api/given/{pushdown_id}/opened": Verdict("deed", ({"pushdown_id": "{pushdown}"},), {}),
}
