/** Names of regions, written over all tiles at once so that none is repeated or cut at a tile's edge. */
import type { Coords } from 'leaflet'
import { placeLabels, type Label, type Mark, type PlacedLabel } from './labelPlacement'
import { font, type Palette, type Rank } from './style'
import { EXTENT, type TileLabel } from './tileGeometry'
import { ViewCanvas, type Frame } from './viewCanvas'

const styles = [`400 11px ${font}`, `600 12.5px ${font}`, `600 12.5px ${font}`] as const
const HEIGHT = 14
const BURST_MS = 120

interface TileOfLabels { coords: Coords; labels: TileLabel[] }

export class LabelLayer extends ViewCanvas {
  private readonly tiles = new Map<string, TileOfLabels>()
  private readonly widths = new Map<string, number>()
  private waiting: ReturnType<typeof setTimeout> | undefined
  private marks: Mark[] = []
  private marksKey = ''
  private placed: { zoom: number; labels: PlacedLabel[] } | null = null

  constructor(
    pane: string,
    private palette: Palette,
    private rankOf: (tier: string, zoom: number) => Rank | null,
  ) {
    super(pane)
  }

  put(key: string, coords: Coords, labels: TileLabel[]) {
    this.tiles.set(key, { coords, labels })
    this.replace()
  }

  drop(key: string) {
    if (this.tiles.delete(key)) this.replace()
  }

  restyle(palette: Palette, rankOf: (tier: string, zoom: number) => Rank | null) {
    this.palette = palette
    this.rankOf = rankOf
    this.replace()
  }

  /** Names keep clear of the marks of incidents, in world pixels of the zoom. */
  avoid(marks: Mark[]) {
    const key = marks.map(({ x, y }) => `${x | 0},${y | 0}`).join()
    if (key === this.marksKey) return
    this.marksKey = key
    this.marks = marks
    this.replace()
  }

  /** Tiles come in bursts; writing all names anew for each of them would make the map stutter. */
  private replace() {
    this.waiting ??= setTimeout(() => {
      this.waiting = undefined
      this.placed = null
      this.redraw()
    }, BURST_MS)
  }

  protected override whileZooming(canvas: HTMLCanvasElement) {
    canvas.style.opacity = '0'
  }

  protected override draw({ context, zoom, left, top, width, height }: Frame) {
    if (this.placed?.zoom !== zoom) this.placed = { zoom, labels: this.place(context, zoom) }
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = 3
    context.strokeStyle = this.palette.land
    for (const label of this.placed.labels) {
      const [x, y] = [label.x - left, label.y - top]
      if (x < 0 || y < 0 || x > width || y > height) continue
      context.font = styles[label.rank]
      context.fillStyle = this.palette.labels[label.rank ? 1 : 0]
      context.strokeText(label.text, x, y)
      context.fillText(label.text, x, y)
    }
  }

  private place(context: CanvasRenderingContext2D, zoom: number): PlacedLabel[] {
    const labels: Label[] = []
    for (const { coords, labels: tile } of this.tiles.values()) {
      const size = 256 * 2 ** (zoom - coords.z)
      if (coords.z !== Math.min(zoom, 18)) continue
      for (const { code, name, tier, x, y, room } of tile) {
        const rank = this.rankOf(tier, zoom)
        if (rank === null) continue
        const scale = size / EXTENT
        labels.push({ code, text: name, rank, x: coords.x * size + x * scale, y: coords.y * size + y * scale, room: room * scale })
      }
    }
    return placeLabels(labels, this.marks, ({ text, rank }) => ({ width: this.widthOf(context, text, rank), height: HEIGHT }))
  }

  private widthOf(context: CanvasRenderingContext2D, text: string, rank: Rank): number {
    const key = `${rank}${text}`
    const known = this.widths.get(key)
    if (known !== undefined) return known
    context.font = styles[rank]
    const width = context.measureText(text).width
    this.widths.set(key, width)
    return width
  }
}
