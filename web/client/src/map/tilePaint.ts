/** Draws one tile from the bottom up: land, tints, ground, borders. */
import { paintGround, paintLandUse, type Ground } from './ground'
import { lineWeights, type Palette, type Rank, type Tint } from './style'
import { EXTENT, type Cells, type Tile } from './tileGeometry'
import { all, batched, type Context, type PaintSize } from './tilePaths'

export interface PaintStyle {
  palette: Palette
  hidden: ReadonlySet<string>
  tinted: string | null
  tints: ReadonlyMap<string, Tint>
}

export function paintTile(
  context: Context, tile: Tile, ground: Ground | null, ranks: Record<string, Rank>, size: PaintSize, style: PaintStyle,
) {
  const scale = size.pixels / EXTENT
  const byRank = [...tile.tiers.keys()].filter((tier) => tier in ranks).sort((a, b) => ranks[a] - ranks[b])
  const coarsest = byRank.at(-1)
  context.lineJoin = context.lineCap = 'round'
  if (coarsest) paintLand(context, tile.tiers.get(coarsest)!, scale, style.palette.land)
  if (ground) paintLandUse(context, ground, scale, style.palette.base)
  const tinted = style.tinted ? tile.tiers.get(style.tinted) : undefined
  if (tinted) paintTints(context, tinted, scale, style)
  if (ground) paintGround(context, ground, scale, size, style.palette.base)
  for (const tier of byRank) {
    if (style.hidden.has(tier)) continue
    const cells = tile.tiers.get(tier)!
    context.strokeStyle = style.palette.lines[ranks[tier]]
    context.lineWidth = lineWeights[ranks[tier]] * size.density
    batched(context, cells, all(cells), scale, true, () => context.stroke())
  }
}

/** The hairline keeps the seams between neighbours from showing through. */
function paintLand(context: Context, cells: Cells, scale: number, colour: string) {
  context.fillStyle = context.strokeStyle = colour
  context.lineWidth = 1
  batched(context, cells, all(cells), scale, true, () => {
    context.fill('evenodd')
    context.stroke()
  })
}

function paintTints(context: Context, cells: Cells, scale: number, { palette, tints }: PaintStyle) {
  for (const tint of [1, 2] as const) {
    const chosen = all(cells).filter((i) => tints.get(cells.codes[i]) === tint)
    context.fillStyle = palette.tints[tint]
    batched(context, cells, chosen, scale, true, () => context.fill('evenodd'))
  }
}
