/** Names of regions and of the base map, written over all tiles at once so that none is repeated or cut at a tile's edge. */
import type { Coords } from 'leaflet'
import { placeLabels, type Label, type Mark, type PlacedLabel } from './labelPlacement'
import { placeNames, type Name, type PlacedName } from './namePlacement'
import { font, nameColour, type Palette, type Rank } from './style'
import { EXTENT } from './tileGeometry'
import type { TileTexts } from './tilePainter'
import { ViewCanvas, type Frame } from './viewCanvas'

const styles = [`400 11px ${font}`, `600 12.5px ${font}`, `600 12.5px ${font}`] as const
const nameStyle = `400 11px ${font}`
const HEIGHT = 14
const NAME_SIZE = 12
const LABEL_HALO = 3
/** Wide enough to hide the border that runs along the road within a character: it would read as a stroke. */
const NAME_HALO = 6
const BURST_MS = 120

interface TileOfTexts extends TileTexts { coords: Coords }
interface Placed { zoom: number; labels: PlacedLabel[]; names: PlacedName[] }

export class LabelLayer extends ViewCanvas {
  private readonly tiles = new Map<string, TileOfTexts>()
  private readonly widths = new Map<string, number>()
  private waiting: ReturnType<typeof setTimeout> | undefined
  private marks: Mark[] = []
  private marksKey = ''
  private placed: Placed | null = null

  constructor(
    pane: string,
    private palette: Palette,
    private rankOf: (tier: string, zoom: number) => Rank | null,
  ) {
    super(pane)
  }

  put(key: string, coords: Coords, texts: TileTexts) {
    this.tiles.set(key, { coords, ...texts })
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

  protected override draw(frame: Frame) {
    const { context, zoom } = frame
    if (this.placed?.zoom !== zoom) this.placed = this.place(context, zoom)
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = NAME_HALO
    context.strokeStyle = this.palette.land
    context.font = nameStyle
    for (const name of this.placed.names) {
      if (!within(name, frame)) continue
      context.fillStyle = nameColour(this.palette.base, name.kind)
      this.writeName(frame, name)
    }
    context.lineWidth = LABEL_HALO
    for (const label of this.placed.labels) {
      if (!within(label, frame)) continue
      context.font = styles[label.rank]
      context.fillStyle = this.palette.labels[label.rank ? 1 : 0]
      write(context, label.text, label.x - frame.left, label.y - frame.top)
    }
  }

  private writeName({ context, left, top }: Frame, { text, x, y, turn, stacked, dx, dy }: PlacedName) {
    context.save()
    context.translate(x - left, y - top)
    context.rotate(turn)
    const characters = stacked ? [...text] : [text]
    const along = (i: number) => (i - (characters.length - 1) / 2) * NAME_SIZE
    characters.forEach((character, i) => context.strokeText(character, dx * along(i), dy * along(i)))
    characters.forEach((character, i) => context.fillText(character, dx * along(i), dy * along(i)))
    context.restore()
  }

  private place(context: CanvasRenderingContext2D, zoom: number): Placed {
    const labels: Label[] = []
    const names: Name[] = []
    for (const tile of this.tiles.values()) {
      const { x: column, y: row, z } = tile.coords
      if (z !== Math.min(zoom, 18)) continue
      const size = 256 * 2 ** (zoom - z)
      const scale = size / EXTENT
      const at = (x: number, y: number) => ({ x: column * size + x * scale, y: row * size + y * scale })
      for (const { code, name, tier, x, y, room } of tile.labels) {
        const rank = this.rankOf(tier, zoom)
        if (rank !== null) labels.push({ code, text: name, rank, ...at(x, y), room: room * scale })
      }
      for (const { kind, name, x, y, room, angle } of tile.names)
        names.push({ kind, text: name, ...at(x, y), room: room * scale, angle, even: (column + row) % 2 === 0 })
    }
    const placed = placeLabels(labels, this.marks, ({ text, rank }) => ({
      width: this.widthOf(context, text, styles[rank]), height: HEIGHT,
    }))
    return {
      zoom, labels: placed,
      names: placeNames(names, [...placed, ...this.marks], NAME_SIZE, ({ text }) => this.widthOf(context, text, nameStyle)),
    }
  }

  private widthOf(context: CanvasRenderingContext2D, text: string, style: string): number {
    const key = style + text
    const known = this.widths.get(key)
    if (known !== undefined) return known
    context.font = style
    const width = context.measureText(text).width
    this.widths.set(key, width)
    return width
  }
}

function within({ x, y }: { x: number; y: number }, { left, top, width, height }: Frame): boolean {
  return x >= left && y >= top && x <= left + width && y <= top + height
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number) {
  context.strokeText(text, x, y)
  context.fillText(text, x, y)
}
