/** Which labels are written: coarser regions first, none over another or over a mark, none much wider than its region. */
import type { Rank } from './style'

export interface Label {
  code: string
  text: string
  rank: Rank
  x: number
  y: number
  /** How wide the region is, in pixels. */
  room: number
}

export interface Taken { x: number; y: number; width: number; height: number }
export type PlacedLabel = Label & Taken

const BUCKET = 64
const APART = 5
/** A finest region's name may stick out of it a little; a coarser one is a landmark and may always be written. */
const STICKS_OUT = 1.15
/** Where a label goes when its place is taken, in heights: it stays, or moves a line down or up. */
const DODGES = [0, 1, -1]

export function placeLabels(labels: Label[], marks: Taken[], measure: (label: Label) => { width: number; height: number }): PlacedLabel[] {
  const taken = new Map<string, Taken[]>()
  const take = (one: Taken) => {
    for (const bucket of bucketsOf(one)) taken.set(bucket, [...(taken.get(bucket) ?? []), one])
  }
  const isFree = (one: Taken) => !bucketsOf(one).some((bucket) => taken.get(bucket)?.some((other) => overlap(one, other)))
  const placed: PlacedLabel[] = []
  marks.forEach(take)
  for (const label of [...labels].sort(coarseFirst)) {
    const wanted = { ...label, ...measure(label) }
    if (label.rank === 0 && wanted.width > label.room * STICKS_OUT) continue
    const found = DODGES.map((dy) => ({ ...wanted, y: wanted.y + dy * wanted.height })).find(isFree)
    if (!found) continue
    take(found)
    placed.push(found)
  }
  return placed
}

function coarseFirst(a: Label, b: Label): number {
  return b.rank - a.rank || (a.code < b.code ? -1 : 1)
}

function overlap(a: Taken, b: Taken): boolean {
  return (
    Math.abs(a.x - b.x) < (a.width + b.width) / 2 + APART && Math.abs(a.y - b.y) < (a.height + b.height) / 2 + APART / 2
  )
}

/** Cells of a coarse grid that a label touches; only labels sharing one can overlap. */
function bucketsOf({ x, y, width, height }: Taken): string[] {
  const buckets: string[] = []
  const reach = APART
  for (let column = Math.floor((x - width / 2 - reach) / BUCKET); column <= (x + width / 2 + reach) / BUCKET; column++)
    for (let row = Math.floor((y - height / 2 - reach) / BUCKET); row <= (y + height / 2 + reach) / BUCKET; row++)
      buckets.push(`${column}/${row}`)
  return buckets
}
