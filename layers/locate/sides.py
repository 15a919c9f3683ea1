"""Which side of an edge a point lies on: exact, and decided also where the point lies on it.

A place (x, y) of the lattice that a path starts from or turns at stands for (x − δ, y + ε) with ε far smaller than δ,
and both smaller than anything else: it never lies on an edge. (Symbolic perturbation: Edelsbrunner and Mücke,
Simulation of Simplicity, 1990.)
"""

from __future__ import annotations

from layers.locate.compiled import compiled


@compiled
def cross(x1: int, y1: int, x2: int, y2: int, x: int, y: int) -> int:
    """Twice the area of the triangle of an edge and a point: positive where the point is to the left, 0 on the line."""
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)


@compiled
def is_left(x1: int, y1: int, x2: int, y2: int, x: int, y: int) -> bool:
    """Whether the place (x − δ, y + ε) is to the left of an edge."""
    area = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
    if area != 0:
        return area > 0
    return y2 > y1 if y2 != y1 else x2 > x1


@compiled
def is_crossed(x1: int, y1: int, x2: int, y2: int, from_x: int, from_y: int, x: int, y: int, end_is_left: bool) -> bool:
    """Whether the path from a place up to the height y, then along to x, crosses an edge an odd number of times.

    The start stands for (from_x − δ, from_y + ε), the turn for (from_x − δ, y + ε). `end_is_left` says on which side of
    the edge the end lies.
    """
    along = (y1 <= y) != (y2 <= y)
    up = (x1 < from_x) != (x2 < from_x)
    if not (along or up):
        return False
    at_turn = is_left(x1, y1, x2, y2, from_x, y)
    odd = along and at_turn != end_is_left
    if up:
        odd = odd != (at_turn != is_left(x1, y1, x2, y2, from_x, from_y))
    return odd
