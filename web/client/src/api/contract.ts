/** The server's answers, by hand until `npm run types` makes them from the OpenAPI document. */

export type Localized = { zh: string; en: string }
export type Box = [west: number, south: number, east: number, north: number]

export interface Account { id: string; login: string; name: string; role: string }
export interface Scope { scheme: string; code: string; name: string; tier: string }
export interface Session { account: Account; scopes: Scope[] }

export interface Tier { tier: string; depth: number; name: Localized; min_zoom: number }
export interface SchemeTier { tier: string; count: number; min_zoom: number }
export interface Edition { id: string; seq: number; published_at: string; valid_from: string }
export interface Scheme {
  scheme: string
  name: Localized
  is_main: boolean
  edition: Edition | null
  bbox: Box | null
  tiers: SchemeTier[]
}
export interface City { name: Localized; version: string; tiers: Tier[]; schemes: Scheme[]; home: Box | null }

export interface RegionName { code: string; name: string; tier: string }
export interface RegionItem extends RegionName { children: number }
export interface RegionCard extends RegionName {
  scheme: string
  path: RegionName[]
  parent: string | null
  children: number
  area_km2: number
  bbox: Box
  label: [lon: number, lat: number]
  edition: Edition
  in_scope: boolean
  incidents: { open: number; total: number } | null
}

export interface IncidentSummary {
  id: string
  source: string
  source_id: string
  title: string
  taxonomy: string
  category: string
  category_name: string
  state: string
  open: boolean
  assigned: boolean
  occurred_at: string | null
  reported_at: string
  lon: number
  lat: number
  place: string
  region: (RegionName & { scheme: string }) | null
  nearest_m: number | null
}
export interface IncidentEvent { id: string; at: string; action: string; actor: string }
export interface Incident extends IncidentSummary {
  original: { x: number; y: number; crs: string }
  edition: { id: string; seq: number } | null
  path: RegionName[]
  description: string
  on_border: boolean
  events: IncidentEvent[]
}
export interface NewIncident {
  source: string
  source_id: string
  category: string
  title?: string
  description?: string
  place?: string
  x: number
  y: number
  crs?: string
}

export interface Page<Item> { items: Item[]; next: string | null }
export interface IncidentPoints {
  ids: string[]
  lon: number[]
  lat: number[]
  open: boolean[]
  assigned: boolean[]
  truncated: boolean
}
export interface OpenCounts { tier: string; counts: Record<string, number> }
export interface Figures { open: number; today: number; unassigned: number; total: number }

export interface FieldError { field?: string; message: string }
export interface ProblemBody { type: string; title: string; status: number; detail?: string; errors?: FieldError[] }
