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
/** A mark that names keep clear of; a small one may be written under where a landmark would otherwise go unnamed. */
export type Mark = Taken & { small: boolean }

const BUCKET = 64
const APART = 12
/** What a finest region needs beside its name to carry it calmly; a coarser one is a landmark and may always be named. */
const SPARE = 28
/** Where a label goes when its place is taken, in heights: it stays, or moves a line down or up. */
const DODGES = [0, 1.5, -1.5]

export function placeLabels(labels: Label[], marks: Mark[], measure: (label: Label) => { width: number; height: number }): PlacedLabel[] {
  const taken = new Buckets(marks.filter(({ small }) => !small))
  const small = new Buckets(marks.filter((mark) => mark.small))
  const placed: PlacedLabel[] = []
  for (const label of [...labels].sort(coarseFirst)) {
    const wanted = { ...label, ...measure(label) }
    if (label.rank === 0 && wanted.width + SPARE > label.room) continue
    const free = DODGES.map((dy) => ({ ...wanted, y: wanted.y + dy * wanted.height })).filter((one) => !taken.hit(one))
    const found = free.find((one) => !small.hit(one)) ?? (label.rank > 0 ? free[0] : undefined)
    if (!found) continue
    taken.add(found)
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

/** Boxes by the cells of a coarse grid they touch; only boxes sharing a cell can overlap. */
export class Buckets {
  private readonly boxes = new Map<string, Taken[]>()

  constructor(boxes: Taken[]) {
    for (const box of boxes) this.add(box)
  }

  add(box: Taken) {
    for (const bucket of bucketsOf(box)) this.boxes.set(bucket, [...(this.boxes.get(bucket) ?? []), box])
  }

  hit(box: Taken): boolean {
    return bucketsOf(box).some((bucket) => this.boxes.get(bucket)?.some((other) => overlap(box, other)))
  }
}

function bucketsOf({ x, y, width, height }: Taken): string[] {
  const buckets: string[] = []
  for (let column = Math.floor((x - width / 2 - APART) / BUCKET); column <= (x + width / 2 + APART) / BUCKET; column++)
    for (let row = Math.floor((y - height / 2 - APART) / BUCKET); row <= (y + height / 2 + APART) / BUCKET; row++)
      buckets.push(`${column}/${row}`)
  return buckets
}
