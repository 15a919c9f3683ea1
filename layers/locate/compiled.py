"""Functions of numbers and arrays, compiled by numba; what is compiled is kept beside the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The same function as machine code that holds no interpreter lock; compiled when first called."""
    return cast(Function, njit(cache=True, nogil=True)(function))
