/** The marks of incidents: shape tells unassigned, filling tells open, colour only repeats it. */
import { font, type Palette } from './style'

export interface MarkKind { open: boolean; assigned: boolean }

/** Smaller where the whole city is in view. */
export const markSize = (zoom: number) => (zoom < 13 ? 4 : 5)

export function drawMark(
  context: CanvasRenderingContext2D, x: number, y: number, size: number, { open, assigned }: MarkKind, palette: Palette,
) {
  const colour = assigned ? (open ? palette.accent : palette.grey) : open ? palette.ink : palette.grey
  context.beginPath()
  if (assigned) context.arc(x, y, open ? size : size - 1, 0, Math.PI * 2)
  else diamond(context, x, y, size + 1)
  context.fillStyle = open ? colour : palette.land
  context.strokeStyle = open ? palette.surface : colour
  context.lineWidth = 1.5
  context.fill()
  context.stroke()
}

export const clusterRadius = (count: number) => 11 + Math.min(11, Math.log10(count) * 4)

export function drawCluster(
  context: CanvasRenderingContext2D, x: number, y: number, count: number, unassigned: number, palette: Palette,
) {
  const radius = clusterRadius(count)
  context.beginPath()
  context.arc(x, y, radius, 0, Math.PI * 2)
  context.fillStyle = palette.surface
  context.strokeStyle = palette.accent
  context.lineWidth = 1.5
  context.fill()
  context.stroke()
  context.font = `600 11px ${font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillStyle = palette.ink
  context.fillText(short(count), x, y + 0.5)
  if (unassigned) drawMark(context, x + radius * 0.75, y - radius * 0.75, 5, { open: true, assigned: false }, palette)
}

export function drawRing(context: CanvasRenderingContext2D, x: number, y: number, radius: number, alpha: number, palette: Palette) {
  context.globalAlpha = alpha
  context.beginPath()
  context.arc(x, y, radius, 0, Math.PI * 2)
  context.strokeStyle = palette.accent
  context.lineWidth = 2
  context.stroke()
  context.globalAlpha = 1
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, reach: number) {
  context.moveTo(x, y - reach)
  context.lineTo(x + reach, y)
  context.lineTo(x, y + reach)
  context.lineTo(x - reach, y)
  context.closePath()
}

function short(count: number): string {
  return count < 1000 ? String(count) : `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`
}
