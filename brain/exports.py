"""Regions taken away as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from brain import audit
from brain.actor import Actor
from brain.context import Context
from data.engine import scoped_transaction
from data.errors import NotFound
from data.files import write_features
from data.queries import query
from layers.crs import geometries_from_wgs84, parse_crs

_SCHEME = query("regions", "scheme_by_code")
_FOR_EXPORT = query("regions", "for_export")


async def export_regions(context: Context, actor: Actor, scheme: str, tier: str | None, crs: str, path: Path) -> int:
    """Writes code, name, tier, parent and border of a scheme's current regions; how many. Raises NotFound, BadInput.

    GCJ-02 and BD-09 have no EPSG code: such a file names no system, and whoever reads it is asked for it.
    """
    target = parse_crs(crs)
    async with scoped_transaction(context.engine, actor.scope) as connection:
        row = (await connection.execute(_SCHEME, {"scheme": scheme})).one_or_none()
        if row is None:
            raise NotFound("scheme.unknown", scheme=scheme)
        rows = (await connection.execute(_FOR_EXPORT, {"scheme_id": row.id, "tier": tier})).all()
        if not rows:
            raise NotFound("export.nothing", scheme=scheme, tier=tier or "-")
        details = {"tier": tier, "crs": crs, "file": path.name, "rows": len(rows)}
        await audit.record(connection, "export_regions", kind="scheme", object_id=scheme, details=details)
    geoms = shapely.from_wkb(np.array([bytes(row.wkb) for row in rows], dtype=object))
    columns = {name: [getattr(row, name) for row in rows] for name in ("code", "name", "tier", "parent")}
    moved = geometries_from_wgs84(geoms, target)
    write_features(path, moved, columns, target.name if target.kind == "epsg" else None)
    return len(rows)
