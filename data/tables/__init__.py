"""The tables, one file per noun. Alembic compares the database with what is declared here."""

from data.tables.accounts import Account, AccountScope
from data.tables.base import Base
from data.tables.categories import Category, Taxonomy
from data.tables.incidents import Incident, IncidentEvent, IncidentPlacement
from data.tables.regions import Border, Edition, Lineage, Region, RegionAlias, Scheme, Tier

__all__ = [
    "Account",
    "AccountScope",
    "Base",
    "Border",
    "Category",
    "Edition",
    "Incident",
    "IncidentEvent",
    "IncidentPlacement",
    "Lineage",
    "Region",
    "RegionAlias",
    "Scheme",
    "Taxonomy",
    "Tier",
]
