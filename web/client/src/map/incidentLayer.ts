/** Incidents on one canvas: single marks, or clusters where there are too many to tell apart. */
import Supercluster from 'supercluster'
import type { IncidentPoints } from '../api/contract'
import type { Taken } from './labelPlacement'
import { clusterRadius, drawCluster, drawMark, drawRing } from './marks'
import type { Palette } from './style'
import { ViewCanvas, type Frame } from './viewCanvas'

const CLUSTER_BEYOND = 400
const REACH = 9
const RING_MS = 1200

interface Shown { x: number; y: number; place: number }
type Drawn = { x: number; y: number; reach: number } & ({ id: string } | { cluster: number })
type Clusters = Supercluster<{ place: number; unassigned?: number }, { unassigned: number }>

export interface MarkFilter { open: boolean; closed: boolean; unassigned: boolean }
export type Hit = { id: string } | { zoom: number; lon: number; lat: number }

export class IncidentLayer extends ViewCanvas {
  private points: IncidentPoints = { ids: [], lon: [], lat: [], open: [], assigned: [], truncated: false }
  private filter: MarkFilter = { open: true, closed: false, unassigned: true }
  private chosen: number[] = []
  private world: Float64Array = new Float64Array()
  private clusters: Clusters | null = null
  private drawn: Drawn[] = []
  private corner = { left: 0, top: 0 }
  private selected: string | null = null
  private readonly rings = new Map<string, number>()

  constructor(
    pane: string,
    private palette: Palette,
    private readonly told: (inView: number, marks: Taken[]) => void,
  ) {
    super(pane)
  }

  setPoints(points: IncidentPoints) {
    this.points = points
    this.choose()
  }

  setFilter(filter: MarkFilter) {
    this.filter = filter
    this.choose()
  }

  restyle(palette: Palette) {
    this.palette = palette
    this.redraw()
  }

  select(id: string | null) {
    this.selected = id
    this.redraw()
  }

  /** A ring that widens once around each new incident; it only stays a while where motion is not wanted. */
  announce(ids: string[]) {
    for (const id of ids) this.rings.set(id, performance.now())
    this.redraw()
  }

  /** What was drawn at a place of the canvas; a second click on a heap takes the next one. */
  hit(x: number, y: number): Hit | null {
    const [cx, cy] = [x - this.corner.left, y - this.corner.top]
    const near = this.drawn.filter((one) => Math.hypot(one.x - cx, one.y - cy) <= one.reach)
    if (!near.length) return null
    near.sort((a, b) => Math.hypot(a.x - cx, a.y - cy) - Math.hypot(b.x - cx, b.y - cy))
    const current = near.findIndex((one) => 'id' in one && one.id === this.selected)
    const chosen = near[(current + 1) % near.length]
    if ('id' in chosen) return { id: chosen.id }
    const zoom = this.clusters!.getClusterExpansionZoom(chosen.cluster)
    const [leaf] = this.clusters!.getLeaves(chosen.cluster, 1)
    return { zoom, lon: leaf.geometry.coordinates[0], lat: leaf.geometry.coordinates[1] }
  }

  private choose() {
    const { lon, lat, open, assigned } = this.points
    this.chosen = [...lon.keys()].filter(
      (i) => (open[i] ? this.filter.open : this.filter.closed) && (assigned[i] || this.filter.unassigned),
    )
    this.world = new Float64Array(lon.length * 2)
    lon.forEach((value, i) => {
      const sine = Math.sin((lat[i] * Math.PI) / 180)
      this.world[i * 2] = (value + 180) / 360
      this.world[i * 2 + 1] = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)
    })
    this.clusters = null
    this.redraw()
  }

  protected override draw(frame: Frame) {
    this.corner = { left: frame.left, top: frame.top }
    this.drawn = []
    const shown = this.placesIn(frame)
    const { left, top, right, bottom } = frame.view
    const inView = shown.filter(({ x, y }) => x >= left && x <= right && y >= top && y <= bottom).length
    if (inView > CLUSTER_BEYOND) this.drawClusters(frame)
    else this.drawMarks(frame, shown)
    this.drawRings(frame, shown)
    const { left: dx, top: dy } = frame
    this.told(inView, this.drawn.map(({ x, y, reach }) => ({ x: x + dx, y: y + dy, width: 1.6 * reach, height: 1.6 * reach })))
  }

  private placesIn({ zoom, left, top, width, height }: Frame): Shown[] {
    const size = 256 * 2 ** zoom
    const shown: Shown[] = []
    for (const place of this.chosen) {
      const x = this.world[place * 2] * size - left
      const y = this.world[place * 2 + 1] * size - top
      if (x > -REACH && y > -REACH && x < width + REACH && y < height + REACH) shown.push({ x, y, place })
    }
    return shown
  }

  private drawMarks({ context }: Frame, shown: Shown[]) {
    const { ids, open, assigned } = this.points
    const oldestFirst = [...shown].reverse()
    for (const { x, y, place } of oldestFirst) this.mark(context, x, y, ids[place], open[place], assigned[place])
  }

  private mark(context: CanvasRenderingContext2D, x: number, y: number, id: string, open: boolean, assigned: boolean) {
    drawMark(context, x, y, { open, assigned }, this.palette)
    if (id === this.selected) drawRing(context, x, y, 10, 1, this.palette)
    this.drawn.push({ x, y, reach: REACH, id })
  }

  private drawClusters({ context, zoom, left, top, width, height }: Frame) {
    const size = 256 * 2 ** zoom
    const lon = (x: number) => (x / size) * 360 - 180
    const lat = (y: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / size))) * 180) / Math.PI
    const clusters = (this.clusters ??= this.cluster())
    for (const one of clusters.getClusters([lon(left), lat(top + height), lon(left + width), lat(top)], zoom)) {
      const { ids, open, assigned } = this.points
      const [x, y] = this.onCanvas(one.geometry.coordinates, size, left, top)
      if ('cluster' in one.properties) {
        const { cluster_id, point_count, unassigned } = one.properties
        drawCluster(context, x, y, point_count, unassigned, this.palette)
        this.drawn.push({ x, y, reach: clusterRadius(point_count), cluster: cluster_id })
      } else {
        const { place } = one.properties
        this.mark(context, x, y, ids[place], open[place], assigned[place])
      }
    }
  }

  private onCanvas([lon, lat]: number[], size: number, left: number, top: number): [number, number] {
    const sine = Math.sin((lat * Math.PI) / 180)
    return [((lon + 180) / 360) * size - left, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size - top]
  }

  private cluster(): Clusters {
    const { lon, lat, assigned } = this.points
    const clusters: Clusters = new Supercluster({
      radius: 52,
      extent: 256,
      maxZoom: 19,
      minPoints: 3,
      map: ({ place }) => ({ unassigned: assigned[place] ? 0 : 1 }),
      reduce: (sum, one) => {
        sum.unassigned += one.unassigned
      },
    })
    return clusters.load(
      this.chosen.map((place) => ({
        type: 'Feature' as const,
        properties: { place },
        geometry: { type: 'Point' as const, coordinates: [lon[place], lat[place]] },
      })),
    ) as Clusters
  }

  private drawRings({ context }: Frame, shown: Shown[]) {
    if (!this.rings.size) return
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const now = performance.now()
    for (const { x, y, place } of shown) {
      const started = this.rings.get(this.points.ids[place])
      if (started === undefined) continue
      const share = Math.min(1, (now - started) / RING_MS)
      drawRing(context, x, y, still ? 12 : 7 + 17 * (1 - (1 - share) ** 3), still ? 1 : 1 - share, this.palette)
    }
    for (const [id, started] of this.rings) if (now - started >= RING_MS) this.rings.delete(id)
    if (this.rings.size) this.redraw()
  }
}
