/** Draws one decoded tile. Paths are batched by 64 regions: one large path per tile takes ten times as long. */
import { lineWeights, type Palette, type Rank, type Tint } from './style'
import { EXTENT, type Cells, type Tile } from './tileGeometry'

const BATCH = 64

export interface PaintStyle {
  palette: Palette
  hidden: ReadonlySet<string>
  tinted: string | null
  tints: ReadonlyMap<string, Tint>
}

type Context = OffscreenCanvasRenderingContext2D

export function paintTile(
  context: Context, tile: Tile, ranks: Record<string, Rank>, pixels: number, density: number, style: PaintStyle,
) {
  const scale = pixels / EXTENT
  const byRank = [...tile.tiers.keys()].filter((tier) => tier in ranks).sort((a, b) => ranks[a] - ranks[b])
  const coarsest = byRank.at(-1)
  context.lineJoin = 'round'
  if (coarsest) paintLand(context, tile.tiers.get(coarsest)!, scale, style.palette.land)
  const tinted = style.tinted ? tile.tiers.get(style.tinted) : undefined
  if (tinted) paintTints(context, tinted, scale, style)
  for (const tier of byRank) {
    if (style.hidden.has(tier)) continue
    const cells = tile.tiers.get(tier)!
    context.strokeStyle = style.palette.lines[ranks[tier]]
    context.lineWidth = lineWeights[ranks[tier]] * density
    batched(context, cells, all(cells), scale, () => context.stroke())
  }
}

/** The hairline keeps the seams between neighbours from showing through. */
function paintLand(context: Context, cells: Cells, scale: number, colour: string) {
  context.fillStyle = context.strokeStyle = colour
  context.lineWidth = 1
  batched(context, cells, all(cells), scale, () => {
    context.fill('evenodd')
    context.stroke()
  })
}

function paintTints(context: Context, cells: Cells, scale: number, { palette, tints }: PaintStyle) {
  for (const tint of [1, 2] as const) {
    const chosen = all(cells).filter((i) => tints.get(cells.codes[i]) === tint)
    context.fillStyle = palette.tints[tint]
    batched(context, cells, chosen, scale, () => context.fill('evenodd'))
  }
}

const all = (cells: Cells) => Array.from(cells.codes.keys())

function batched(context: Context, cells: Cells, chosen: number[], scale: number, finish: () => void) {
  for (let start = 0; start < chosen.length; start += BATCH) {
    context.beginPath()
    for (const i of chosen.slice(start, start + BATCH)) trace(context, cells, i, scale)
    finish()
  }
}

function trace(context: Context, { firstRing, ringStart, xy }: Cells, i: number, scale: number) {
  for (let ring = firstRing[i]; ring < firstRing[i + 1]; ring++) {
    for (let p = ringStart[ring]; p < ringStart[ring + 1]; p++) {
      if (p === ringStart[ring]) context.moveTo(xy[p * 2] * scale, xy[p * 2 + 1] * scale)
      else context.lineTo(xy[p * 2] * scale, xy[p * 2 + 1] * scale)
    }
    context.closePath()
  }
}
