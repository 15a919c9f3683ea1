"""Dictionaries of categories."""

from __future__ import annotations

from fastapi import APIRouter

from brain import categories
from brain.reports import DEFAULT_TAXONOMY
from web.deps import Ctx, SignedIn
from web.schemas.categories import Category

router = APIRouter(tags=["categories"])


@router.get("/categories")
async def list_categories(context: Ctx, actor: SignedIn, taxonomy: str = DEFAULT_TAXONOMY) -> list[Category]:
    """The categories of a taxonomy, by code."""
    return [Category.model_validate(dict(row)) for row in await categories.names(context, actor, taxonomy)]
