"""What the map room's tests share: random partitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume
from hypothesis import strategies as st


@dataclass(frozen=True)
class Partition:
    """Regions that tile a patch without gap or overlap, and the triangles they are made of."""

    codes: list[str]
    geoms: np.ndarray[Any, np.dtype[np.object_]]


@st.composite
def _partitions(draw: st.DrawFn, most_regions: int = 16) -> Partition:
    """Triangles over random places, gathered into regions at random: three-way nodes, holes, exclaves, enclaves.

    Places lie on a lattice (many points on one line) or anywhere; codes are shuffled and not all ASCII.
    """
    lattice = draw(st.booleans())
    unit = st.integers(0, 12) if lattice else st.floats(0, 12, allow_subnormal=False)
    places = draw(st.lists(st.tuples(unit, unit), min_size=4, max_size=40, unique=True))
    west, south, scale = draw(st.sampled_from([(113.1, 23.0, 0.001), (104.0, 30.6, 0.01), (-2.9, 53.4, 1e-4)]))
    points = np.array(places, dtype=float) * scale + (west, south)
    # Delaunay may put two corners of the outer border onto one line within rounding, as slivers: valid, but no region.
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.multipoints(points)))
    triangles = triangles[shapely.area(triangles) > 1e-9 * scale * scale]
    assume(len(triangles) > 0 and shapely.coverage_is_valid(triangles))
    labels = draw(
        st.lists(st.integers(0, most_regions - 1), min_size=len(triangles), max_size=len(triangles)).map(np.array)
    )
    geoms = np.array([shapely.coverage_union_all(triangles[labels == label]) for label in np.unique(labels)])
    assume(shapely.is_valid(geoms).all())
    names = [f"{prefix}{number}" for number in range(8) for prefix in ("44060", "街", "𠮷", "ｚ", "a", "Z")]
    return Partition(draw(st.permutations(names))[: len(geoms)], geoms)


@pytest.fixture(scope="session")
def partitions() -> st.SearchStrategy[Partition]:
    return _partitions()
