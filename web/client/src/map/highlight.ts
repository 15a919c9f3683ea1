/** The region under the pointer, washed with the accent colour. */
import type { Palette } from './style'
import { EXTENT } from './tileGeometry'
import type { FoundRegion } from './tilePainter'
import { ViewCanvas, type Frame } from './viewCanvas'

export class Highlight extends ViewCanvas {
  private region: FoundRegion | null = null

  constructor(pane: string, private palette: Palette) {
    super(pane)
  }

  show(region: FoundRegion | null) {
    if (region?.code === this.region?.code && region?.zoom === this.region?.zoom) return
    this.region = region
    this.redraw()
  }

  restyle(palette: Palette) {
    this.palette = palette
    this.redraw()
  }

  protected override isEmpty() {
    return !this.region
  }

  protected override draw({ context, zoom, left, top }: Frame) {
    if (!this.region || this.region.zoom > zoom) return
    const size = 256 * 2 ** (zoom - this.region.zoom)
    context.fillStyle = this.palette.accentWash
    context.strokeStyle = this.palette.accent
    context.lineWidth = 1.2
    for (const { column, row, rings } of this.region.pieces) {
      const [x, y] = [column * size - left, row * size - top]
      context.save()
      // Rings run a little past their tile; without the clip the seam between two tiles would show.
      context.beginPath()
      context.rect(x, y, size, size)
      context.clip()
      context.beginPath()
      for (const ring of rings) trace(context, ring, x, y, size / EXTENT)
      context.fill('evenodd')
      context.stroke()
      context.restore()
    }
  }
}

function trace(context: CanvasRenderingContext2D, ring: Int16Array, x: number, y: number, scale: number) {
  for (let p = 0; p < ring.length; p += 2) {
    if (p === 0) context.moveTo(x + ring[p] * scale, y + ring[p + 1] * scale)
    else context.lineTo(x + ring[p] * scale, y + ring[p + 1] * scale)
  }
  context.closePath()
}
