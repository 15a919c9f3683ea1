/** What an address says about the map page, and how it is written; pure, so that it can be tested. */
import type { LocationQuery } from 'vue-router'

export interface Position { zoom: number; lat: number; lon: number }
export type Selection = { kind: 'region'; scheme: string; code: string } | { kind: 'incident'; id: string }

export function parsePosition(hash: string): Position | null {
  const match = /^#?(\d{1,2})\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/.exec(hash)
  if (!match) return null
  const [zoom, lat, lon] = match.slice(1).map(Number)
  return zoom <= 22 && Math.abs(lat) <= 85.06 && Math.abs(lon) <= 180 ? { zoom, lat, lon } : null
}

export const formatPosition = ({ zoom, lat, lon }: Position) => `#${zoom}/${lat.toFixed(5)}/${lon.toFixed(5)}`

export function parseSelection(query: LocationQuery): Selection | null {
  const { region, incident } = query
  if (typeof incident === 'string' && incident) return { kind: 'incident', id: incident }
  const match = typeof region === 'string' ? /^([^/]+)\/(.+)$/.exec(region) : null
  return match ? { kind: 'region', scheme: match[1], code: match[2] } : null
}

/** The query with another selection in it; everything else in the address stays. */
export function withSelection(query: LocationQuery, selection: Selection | null): LocationQuery {
  const rest = { ...query }
  delete rest.region
  delete rest.incident
  if (selection?.kind === 'region') rest.region = `${selection.scheme}/${selection.code}`
  if (selection?.kind === 'incident') rest.incident = selection.id
  return rest
}

export type Place = { kind: 'point'; lon: number; lat: number }
export type Wanted = Selection | Place

/** Reads what was typed into the search box: "lon,lat", "#12" or a region code. A bare number may be a code or an incident. */
export function readSearch(text: string, scheme: string): Wanted[] {
  const typed = text.trim().replace('，', ',')
  const point = /^(-?\d+(?:\.\d+)?)\s*[,\s]\s*(-?\d+(?:\.\d+)?)$/.exec(typed)
  if (point) {
    const [lon, lat] = [Number(point[1]), Number(point[2])]
    return Math.abs(lon) <= 180 && Math.abs(lat) <= 85 ? [{ kind: 'point', lon, lat }] : []
  }
  const incident = /^#?(\d+)$/.exec(typed)
  const found: Wanted[] = []
  if (/^[\w.-]+$/.test(typed)) found.push({ kind: 'region', scheme, code: typed })
  if (incident) found.push({ kind: 'incident', id: incident[1] })
  return typed.length < 6 ? found.reverse() : found
}
