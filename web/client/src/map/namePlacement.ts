/** Which names of the base map are written, and how: after the regions' names, never over one, none twice close by. */
import { Buckets, type Taken } from './labelPlacement'

export interface Name {
  kind: string
  text: string
  /** World pixels of the zoom, as for labels. */
  x: number
  y: number
  /** How wide the name may be, in pixels. */
  room: number
  /** Degrees clockwise from east for a name along a way; null for one that stands upright. */
  angle: number | null
  /** Whether it comes from an even tile of the chequerboard: those are named first, so that a pan changes little. */
  even: boolean
}

/** `turn`: radians by which the whole name is turned; `stacked`: its characters stand upright one below another. */
export type PlacedName = Name & { turn: number; stacked: boolean; dx: number; dy: number }

const APART = 380
const ORDER = ['expressway', 'trunk', 'water', 'park', 'campus', 'secondary', 'mall', 'estate', 'street', 'lane', 'building']
/** A building's number may stand out over its walls on both sides. */
const OVERHANG: Record<string, number> = { building: 16 }
/** Steeper than this the characters of a Chinese name stand upright, as on a street sign. */
const STEEP_DEG = 50
const IDEOGRAPHS = /^\p{Script=Han}+$/u

export function placeNames(names: Name[], taken: Taken[], size: number, widthOf: (name: Name) => number): PlacedName[] {
  const buckets = new Buckets(taken)
  const written = new Map<string, Name[]>()
  const placed: PlacedName[] = []
  for (const name of [...names].sort(inOrder)) {
    const width = widthOf(name)
    if (width > name.room + (OVERHANG[name.kind] ?? 0)) continue
    const before = written.get(name.text) ?? []
    if (name.kind !== 'building' && before.some((other) => Math.hypot(name.x - other.x, name.y - other.y) < APART)) continue
    const one = { ...name, ...directionOf(name) }
    const boxes = boxesOf(one, width, size)
    if (boxes.some((box) => buckets.hit(box))) continue
    boxes.forEach((box) => buckets.add(box))
    written.set(name.text, [...before, name])
    placed.push(one)
  }
  return placed
}

function inOrder(a: Name, b: Name): number {
  const rank = ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)
  return rank || Number(b.even) - Number(a.even) || (a.text < b.text ? -1 : a.text > b.text ? 1 : a.x - b.x || a.y - b.y)
}

/** Read from left to right, or from top to bottom where it is stacked. */
function directionOf({ text, angle }: Name) {
  if (angle === null) return { turn: 0, stacked: false, dx: 1, dy: 0 }
  const level = ((((angle + 90) % 180) + 180) % 180) - 90
  const stacked = Math.abs(level) > STEEP_DEG && IDEOGRAPHS.test(text)
  const turn = ((stacked && level < 0 ? level + 180 : level) * Math.PI) / 180
  return { turn: stacked ? 0 : turn, stacked, dx: Math.cos(turn), dy: Math.sin(turn) }
}

/** A name along a way takes a row of squares, so that a slanting one does not block all of its bounding box. */
function boxesOf({ x, y, dx, dy, angle }: PlacedName, width: number, size: number): Taken[] {
  if (angle === null) return [{ x, y, width, height: size }]
  const steps = Math.max(1, Math.round(width / size))
  return Array.from({ length: steps }, (_, i) => {
    const along = ((i + 0.5) / steps - 0.5) * width
    return { x: x + dx * along, y: y + dy * along, width: size, height: size }
  })
}
