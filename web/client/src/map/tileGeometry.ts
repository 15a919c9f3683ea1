/** A region tile decoded into flat arrays, and the question which region covers a point of it. */
import { VectorTile, type VectorTileFeature, type VectorTileLayer } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'

export const EXTENT = 4096

/** Ring (or line) r is the points ringStart[r]…ringStart[r+1] of xy; shape i owns rings firstRing[i]…firstRing[i+1]. */
export interface Shapes { firstRing: Uint32Array; ringStart: Uint32Array; xy: Int16Array }

/** Regions of one tier. */
export interface Cells extends Shapes {
  codes: string[]
  names: string[]
  boxes: Int16Array
}

export interface TileLabel { code: string; name: string; tier: string; x: number; y: number; room: number }

export interface Tile { tiers: Map<string, Cells>; labels: TileLabel[] }

export function decodeTile(bytes: ArrayBuffer): Tile {
  const { layers } = new VectorTile(new PbfReader(bytes))
  const tiers = new Map<string, Cells>()
  for (const [name, layer] of Object.entries(layers)) if (name !== 'labels') tiers.set(name, decodeCells(layer))
  return { tiers, labels: layers.labels ? decodeLabels(layers.labels, tiers) : [] }
}

function decodeCells(layer: VectorTileLayer): Cells {
  const regions = features(layer)
  const shapes = decodeShapes(regions)
  return {
    ...shapes,
    codes: regions.map(({ properties }) => String(properties.code)),
    names: regions.map(({ properties }) => String(properties.name)),
    boxes: boxesOf(shapes),
  }
}

export function features(layer: VectorTileLayer): VectorTileFeature[] {
  return Array.from({ length: layer.length }, (_, i) => layer.feature(i))
}

export function decodeShapes(found: VectorTileFeature[]): Shapes {
  const firstRing = [0]
  const ringStart = [0]
  const xy: number[] = []
  for (const feature of found) {
    const scale = EXTENT / feature.extent
    for (const ring of feature.loadGeometry()) {
      for (const { x, y } of ring) xy.push(Math.round(x * scale), Math.round(y * scale))
      ringStart.push(xy.length / 2)
    }
    firstRing.push(ringStart.length - 1)
  }
  return { firstRing: Uint32Array.from(firstRing), ringStart: Uint32Array.from(ringStart), xy: Int16Array.from(xy) }
}

function boxesOf({ firstRing, ringStart, xy }: Shapes): Int16Array {
  const boxes = new Int16Array((firstRing.length - 1) * 4)
  for (let i = 0; i < firstRing.length - 1; i++) {
    const box = [32767, 32767, -32768, -32768]
    for (let p = ringStart[firstRing[i]]; p < ringStart[firstRing[i + 1]]; p++) {
      const [x, y] = [xy[p * 2], xy[p * 2 + 1]]
      if (x < box[0]) box[0] = x
      if (y < box[1]) box[1] = y
      if (x > box[2]) box[2] = x
      if (y > box[3]) box[3] = y
    }
    boxes.set(box, i * 4)
  }
  return boxes
}

function decodeLabels(layer: VectorTileLayer, tiers: Map<string, Cells>): TileLabel[] {
  const widths = new Map<string, number>()
  for (const { codes, boxes } of tiers.values())
    codes.forEach((code, i) => widths.set(code, boxes[i * 4 + 2] - boxes[i * 4]))
  return features(layer).map((feature) => {
    const { properties } = feature
    const [[point]] = feature.loadGeometry()
    const code = String(properties.code)
    return {
      code,
      name: String(properties.name),
      tier: String(properties.tier),
      x: point.x * (EXTENT / layer.extent),
      y: point.y * (EXTENT / layer.extent),
      room: widths.get(code) ?? EXTENT,
    }
  })
}

/** The index of the region covering a point of the tile, or -1. Even-odd over all its rings, so holes and islands are right. */
export function cellAt({ codes, boxes, firstRing, ringStart, xy }: Cells, x: number, y: number): number {
  for (let i = 0; i < codes.length; i++) {
    const b = i * 4
    if (x < boxes[b] || y < boxes[b + 1] || x > boxes[b + 2] || y > boxes[b + 3]) continue
    let inside = false
    for (let ring = firstRing[i]; ring < firstRing[i + 1]; ring++)
      if (crossesOddly(xy, ringStart[ring], ringStart[ring + 1], x, y)) inside = !inside
    if (inside) return i
  }
  return -1
}

function crossesOddly(xy: Int16Array, from: number, to: number, x: number, y: number): boolean {
  let odd = false
  for (let a = from, b = to - 1; a < to; b = a++) {
    const [ax, ay, bx, by] = [xy[a * 2], xy[a * 2 + 1], xy[b * 2], xy[b * 2 + 1]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd
  }
  return odd
}

/** One region's rings in one tile, to be drawn elsewhere. */
export interface Piece { column: number; row: number; rings: Int16Array[] }

export function ringsOf({ firstRing, ringStart, xy }: Cells, i: number): Int16Array[] {
  const rings: Int16Array[] = []
  for (let ring = firstRing[i]; ring < firstRing[i + 1]; ring++)
    rings.push(xy.slice(ringStart[ring] * 2, ringStart[ring + 1] * 2))
  return rings
}
