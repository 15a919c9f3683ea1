/** The base map of one tile: land by use, ways by kind, walls, buildings and names, decoded and drawn. */
import { VectorTile, type VectorTileFeature } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import { wayKinds, wayWidth, type BasePalette, type WayKind } from './style'
import { decodeShapes, EXTENT, features, type Shapes } from './tileGeometry'
import { all, batched, type Context, type PaintSize } from './tilePaths'

/** A name at a place of the tile; `angle` is that of the way it goes along, in degrees clockwise from east. */
export interface TileName { kind: string; name: string; x: number; y: number; room: number; angle: number | null }

export interface Ground {
  land: Map<string, Shapes>
  ways: Map<string, Shapes>
  bridges: Map<string, Shapes>
  compounds: Map<string, Shapes>
  buildings: Shapes | null
  names: TileName[]
}

const CASING = 0.8
const WALL = 0.9
const narrowFirst = [...wayKinds].reverse()
/** From this zoom on a building has walls, not only a ground plan. */
const WALLS_FROM = 16

export function decodeGround(bytes: ArrayBuffer): Ground {
  const { layers } = new VectorTile(new PbfReader(bytes))
  const ways = layers.ways ? features(layers.ways) : []
  return {
    land: grouped(layers.land ? features(layers.land) : [], 'use'),
    ways: grouped(ways.filter(({ properties }) => !properties.is_bridge), 'kind'),
    bridges: grouped(ways.filter(({ properties }) => properties.is_bridge), 'kind'),
    compounds: grouped(layers.compounds ? features(layers.compounds) : [], 'use'),
    buildings: layers.buildings ? decodeShapes(features(layers.buildings)) : null,
    names: layers.names ? features(layers.names).map(decodeName) : [],
  }
}

function grouped(found: VectorTileFeature[], property: string): Map<string, Shapes> {
  const groups = new Map<string, VectorTileFeature[]>()
  for (const feature of found) {
    const name = String(feature.properties[property])
    const group = groups.get(name)
    if (group) group.push(feature)
    else groups.set(name, [feature])
  }
  return new Map([...groups].map(([name, group]) => [name, decodeShapes(group)]))
}

function decodeName(feature: VectorTileFeature): TileName {
  const { kind, name, room, angle } = feature.properties
  const [[{ x, y }]] = feature.loadGeometry()
  const scale = EXTENT / feature.extent
  return {
    kind: String(kind), name: String(name), x: x * scale, y: y * scale, room: Number(room),
    angle: angle === undefined ? null : Number(angle),
  }
}

export function paintLandUse(context: Context, { land }: Ground, scale: number, palette: BasePalette) {
  for (const [use, shapes] of land) if (use !== 'water') fill(context, shapes, scale, palette.land[use])
}

/** What no tint may cover: water, walls, ways from lanes up, bridges last, and buildings. A way cuts a wall: there is its gate. */
export function paintGround(
  context: Context, { land, ways, bridges, compounds, buildings }: Ground, scale: number, { density, zoom }: PaintSize, palette: BasePalette,
) {
  const water = land.get('water')
  if (water) fill(context, water, scale, palette.land.water)
  context.lineWidth = WALL * density
  for (const [use, shapes] of compounds) {
    const colour = palette.compounds[use]
    if (!colour) continue
    context.strokeStyle = colour
    batched(context, shapes, all(shapes), scale, true, () => context.stroke())
  }
  for (const lines of [ways, bridges])
    for (const cased of [true, false])
      for (const kind of narrowFirst) {
        const shapes = lines.get(kind)
        if (shapes) stroke(context, shapes, scale, kind, cased, wayWidth(kind, zoom) * density, density, palette)
      }
  if (buildings) {
    context.fillStyle = palette.building
    context.strokeStyle = palette.wall
    context.lineWidth = 0.6 * density
    batched(context, buildings, all(buildings), scale, true, () => {
      context.fill('evenodd')
      if (zoom >= WALLS_FROM) context.stroke()
    })
  }
}

/** The hairline closes the seams between neighbours, as for regions. */
function fill(context: Context, shapes: Shapes, scale: number, colour: string | undefined) {
  if (!colour) return
  context.fillStyle = context.strokeStyle = colour
  context.lineWidth = 1
  batched(context, shapes, all(shapes), scale, true, () => {
    context.fill('evenodd')
    context.stroke()
  })
}

function stroke(
  context: Context, shapes: Shapes, scale: number, kind: WayKind, cased: boolean, width: number, density: number,
  palette: BasePalette,
) {
  context.strokeStyle = (cased ? palette.casings : palette.ways)[kind]
  context.lineWidth = cased ? width + 2 * CASING * density : width
  batched(context, shapes, all(shapes), scale, false, () => context.stroke())
}
