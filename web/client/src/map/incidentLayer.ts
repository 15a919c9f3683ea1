/** Incidents on one canvas: single marks, or clusters where there are too many to tell apart. */
import Supercluster from 'supercluster'
import type { IncidentPoints, IncidentSummary } from '../api/contract'
import type { Mark } from './labelPlacement'
import { clusterRadius, drawCluster, drawMark, drawRing, markSize, type MarkKind } from './marks'
import { clusterBeyond, type Palette } from './style'
import { ViewCanvas, type Frame } from './viewCanvas'
import { latAt, lonAt, worldX, worldY } from './world'

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
  private selected: IncidentSummary | null = null
  private readonly rings = new Map<string, number>()

  constructor(
    pane: string,
    private palette: Palette,
    private readonly told: (inView: number, clustered: boolean, marks: Mark[]) => void,
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

  /** The selected incident is always shown, even one that is filtered out or inside a cluster. */
  select(incident: IncidentSummary | null) {
    this.selected = incident
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
    const current = near.findIndex((one) => 'id' in one && one.id === this.selected?.id)
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
      this.world[i * 2] = worldX(value)
      this.world[i * 2 + 1] = worldY(lat[i])
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
    const clustered = inView > clusterBeyond(right - left, bottom - top)
    if (clustered) this.drawClusters(frame)
    else this.drawMarks(frame, shown)
    this.drawSelected(frame)
    this.drawRings(frame, shown)
    this.told(inView, clustered, this.marks(frame))
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

  private drawMarks(frame: Frame, shown: Shown[]) {
    const oldestFirst = [...shown].reverse()
    for (const { x, y, place } of oldestFirst) this.drawPoint(frame, x, y, place)
  }

  private drawPoint(frame: Frame, x: number, y: number, place: number) {
    const { ids, open, assigned } = this.points
    this.drawOne(frame, x, y, ids[place], { open: open[place], assigned: assigned[place] })
  }

  private drawOne({ context, zoom }: Frame, x: number, y: number, id: string, kind: MarkKind) {
    drawMark(context, x, y, markSize(zoom), kind, this.palette)
    this.drawn.push({ x, y, reach: REACH, id })
  }

  private drawSelected(frame: Frame) {
    if (!this.selected) return
    const { id, lon, lat } = this.selected
    const [x, y] = this.onCanvas([lon, lat], frame)
    if (!this.drawn.some((one) => 'id' in one && one.id === id)) this.drawOne(frame, x, y, id, this.selected)
    drawRing(frame.context, x, y, 10, 1, this.palette)
  }

  /** What names must keep clear of, in world pixels. */
  private marks({ left, top }: Frame): Mark[] {
    return this.drawn.map((one) => {
      const width = one.reach * ('id' in one ? 1.2 : 2)
      return { x: one.x + left, y: one.y + top, width, height: width, small: 'id' in one }
    })
  }

  private drawClusters(frame: Frame) {
    const { context, zoom, left, top, width, height } = frame
    const size = 256 * 2 ** zoom
    const clusters = (this.clusters ??= this.cluster())
    for (const one of clusters.getClusters([lonAt(left / size), latAt((top + height) / size), lonAt((left + width) / size), latAt(top / size)], zoom)) {
      const [x, y] = this.onCanvas(one.geometry.coordinates, frame)
      if ('cluster' in one.properties) {
        const { cluster_id, point_count, unassigned } = one.properties
        drawCluster(context, x, y, point_count, unassigned, this.palette)
        this.drawn.push({ x, y, reach: clusterRadius(point_count), cluster: cluster_id })
      } else {
        this.drawPoint(frame, x, y, one.properties.place)
      }
    }
  }

  private onCanvas([lon, lat]: number[], { zoom, left, top }: Frame): [number, number] {
    const size = 256 * 2 ** zoom
    return [worldX(lon) * size - left, worldY(lat) * size - top]
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
