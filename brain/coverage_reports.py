"""What was found wrong with a set of regions, as JSON and as a page."""

from __future__ import annotations

from typing import Any

from brain.region_files import RegionSet
from data.errors import Language, message
from layers.coverage import CoverageReport
from layers.snapshot import coverage_page


def report_json(found: CoverageReport) -> dict[str, Any]:
    """Every fault with its place (EPSG:4326) and area, and how many were too small to list."""
    return {
        "faults": [
            {
                "kind": fault.kind,
                "tier": fault.tier,
                "codes": list(fault.codes),
                "area_m2": fault.area_m2,
                "lon": fault.lon,
                "lat": fault.lat,
            }
            for fault in found.faults
        ],
        "dust": [{"tier": tier, "kind": kind, "count": count} for (tier, kind), count in found.dust.items()],
    }


def report_page(regions: RegionSet, found: CoverageReport, language: Language) -> str:
    """A self-contained HTML page with a map of the faults. Raises Unready while the map's files are not built."""
    return coverage_page(message("report.title", language), regions.layers, found, language)
