/** Traces decoded shapes on a canvas, batched by 64: one large path for a whole tile takes ten times as long. */
import type { Shapes } from './tileGeometry'

const BATCH = 64

export type Context = OffscreenCanvasRenderingContext2D

/** How large a tile is drawn, in pixels of the screen, `density` of them to one of the page. */
export interface PaintSize { pixels: number; density: number; zoom: number }

export const all = ({ firstRing }: Shapes) => Array.from({ length: firstRing.length - 1 }, (_, i) => i)

/** Traces the chosen shapes, closed or as open lines, and finishes each batch of them: with a fill, a stroke or both. */
export function batched(context: Context, shapes: Shapes, chosen: number[], scale: number, closed: boolean, finish: () => void) {
  for (let start = 0; start < chosen.length; start += BATCH) {
    context.beginPath()
    for (const i of chosen.slice(start, start + BATCH)) trace(context, shapes, i, scale, closed)
    finish()
  }
}

function trace(context: Context, { firstRing, ringStart, xy }: Shapes, i: number, scale: number, closed: boolean) {
  for (let ring = firstRing[i]; ring < firstRing[i + 1]; ring++) {
    for (let p = ringStart[ring]; p < ringStart[ring + 1]; p++) {
      if (p === ringStart[ring]) context.moveTo(xy[p * 2] * scale, xy[p * 2 + 1] * scale)
      else context.lineTo(xy[p * 2] * scale, xy[p * 2 + 1] * scale)
    }
    if (closed) context.closePath()
  }
}
