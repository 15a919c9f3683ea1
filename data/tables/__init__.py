"""The tables, one file per noun. Alembic compares the database with what is declared here."""

from data.tables.accounts import Account, AccountRole
from data.tables.audit import Audit, AuditSeal
from data.tables.base import Base
from data.tables.categories import Category, Taxonomy
from data.tables.ground import Building, Compound, GroundChange, Land, Way
from data.tables.incidents import Incident, IncidentEvent, IncidentPlacement
from data.tables.people import BuildingPeople, Enterprise, Household, Origin, Person
from data.tables.pushdown import HomeTier, Pushdown, PushdownReceipt
from data.tables.records import ClosedField, Correction, PersonalField
from data.tables.regions import Border, Edition, Lineage, Region, RegionAlias, Scheme, Tier
from data.tables.registers import RegisterEntry
from data.tables.resources import Asset, Department, Unit
from data.tables.sessions import ApiToken, Invitation, RecoveryCode, SecondFactor, Session, SignInFailure

__all__ = [
    "Account",
    "AccountRole",
    "ApiToken",
    "Asset",
    "Audit",
    "AuditSeal",
    "Base",
    "Border",
    "Building",
    "BuildingPeople",
    "Category",
    "ClosedField",
    "Compound",
    "Correction",
    "Department",
    "Edition",
    "Enterprise",
    "GroundChange",
    "HomeTier",
    "Household",
    "Incident",
    "IncidentEvent",
    "IncidentPlacement",
    "Invitation",
    "Land",
    "Lineage",
    "Origin",
    "Person",
    "PersonalField",
    "Pushdown",
    "PushdownReceipt",
    "RecoveryCode",
    "Region",
    "RegionAlias",
    "RegisterEntry",
    "Scheme",
    "SecondFactor",
    "Session",
    "SignInFailure",
    "Taxonomy",
    "Tier",
    "Unit",
    "Way",
]
