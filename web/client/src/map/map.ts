/** The map: owns Leaflet and the layers; the rest of the console speaks to it in places, codes and ids. */
import * as L from 'leaflet'
import 'leaflet/dist/leaflet.css'
import type { Feature } from 'geojson'
import type { Box, IncidentPoints, IncidentSummary } from '../api/contract'
import type { Position } from '../state/address'
import type { Theme } from '../state/preferences'
import { Highlight } from './highlight'
import { IncidentLayer, type MarkFilter } from './incidentLayer'
import { LabelLayer } from './labels'
import { asBounds, MapTiles, type MapSource } from './mapTiles'
import { Browse, PickPoint, type Mode } from './modes'
import { palettes, ranks, shownTiers, tintOf, type Tint, type TintSteps } from './style'
import { TilePainter } from './tilePainter'

export interface MapListener {
  rested(position: Position, view: Box): void
  zoomed(zoom: number): void
  pointed(at: { lon: number; lat: number } | null): void
  hovered(name: string | null): void
  regionChosen(code: string): void
  incidentChosen(id: string): void
  picked(lon: number, lat: number): void
  counted(incidents: number, clustered: boolean): void
  busy(loading: boolean): void
  failed(status: number): void
}

const panes = { tiles: 'tilePane', hover: 'hover', border: 'border', labels: 'labels', incidents: 'incidents' }
const MAX_ZOOM = 20
const CLOSE_ZOOM = 15

export class CityMap {
  private readonly map: L.Map
  private readonly painter = new TilePainter()
  private readonly labels: LabelLayer
  private readonly hover: Highlight
  private readonly incidents: IncidentLayer
  private readonly border: L.GeoJSON
  private readonly pin: L.Marker
  private readonly browse: Browse
  private readonly pick: PickPoint
  private mode: Mode
  private source: MapSource | null = null
  private tiles: MapTiles | null = null
  /** Layers that stay until the newest is there. */
  private old: MapTiles[] = []
  private hidden: string[] = []
  private moving = false
  private palette

  constructor(element: HTMLElement, theme: Theme, private readonly listener: MapListener) {
    this.palette = palettes[theme]
    this.map = L.map(element, {
      zoomControl: false, attributionControl: false, minZoom: 3, maxZoom: MAX_ZOOM, wheelPxPerZoomLevel: 90,
      maxBounds: [[-85.06, -180], [85.06, 180]],
    })
    Object.values(panes).slice(1).forEach((name, place) => {
      this.map.createPane(name).style.zIndex = String(410 + place * 10)
      this.map.getPane(name)!.style.pointerEvents = 'none'
    })
    L.control.scale({ imperial: false, maxWidth: 110 }).addTo(this.map)
    this.hover = new Highlight(panes.hover, this.palette)
    this.labels = new LabelLayer(panes.labels, this.palette, this.rankOf)
    this.incidents = new IncidentLayer(panes.incidents, this.palette, (inView, clustered, marks) => {
      listener.counted(inView, clustered)
      this.labels.avoid(marks)
    })
    this.border = L.geoJSON(undefined, {
      pane: panes.border, interactive: false, style: { className: 'selected-border', weight: 2.5, fillOpacity: 0.05 },
    })
    this.pin = L.marker([0, 0], {
      draggable: true, keyboard: false, icon: L.divIcon({ className: 'pin', iconSize: [26, 34], iconAnchor: [13, 33] }),
    })
    this.pin.on('dragend', () => this.tellPicked(this.pin.getLatLng()))
    this.browse = new Browse({
      chosen: (at, point) => void this.choose(at, point),
      moved: (at, point) => void this.point(at, point),
      left: () => this.leave(),
    })
    this.pick = new PickPoint((at) => this.tellPicked(at), (at) => listener.pointed({ lon: at.lng, lat: at.lat }))
    this.mode = this.browse
    this.mode.enter(this.map)
    this.map.on('movestart', () => (this.moving = true))
    this.map.on('moveend', () => this.rest())
    this.map.on('click', ({ latlng, containerPoint }) => this.mode.choose(latlng, containerPoint))
    element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.mode.choose(this.map.getCenter(), this.map.getSize().divideBy(2))
    })
  }

  start(position: Position | null, box: Box) {
    if (position) this.map.setView([position.lat, position.lon], position.zoom)
    else this.map.fitBounds(asBounds(box), { animate: false })
    for (const layer of [this.border, this.hover, this.labels, this.incidents]) layer.addTo(this.map)
    this.painter.style(this.palette, this.hidden)
  }

  end() {
    this.map.remove()
    this.painter.end()
  }

  setTheme(theme: Theme) {
    this.palette = palettes[theme]
    this.painter.style(this.palette, this.hidden)
    this.hover.restyle(this.palette)
    this.incidents.restyle(this.palette)
    this.labels.restyle(this.palette, this.rankOf)
  }

  /** The old tiles stay until the newest are there, so that a new edition does not flash. */
  setSource(source: MapSource) {
    if (source.regions === this.source?.regions && source.ground === this.source?.ground) return
    if (this.tiles) this.old.push(this.tiles)
    this.tiles = null
    this.source = source
    this.hover.show(null)
    if (!source.regions && !source.ground) return this.loaded()
    const tiles = new MapTiles(source, this.painter, {
      texts: (key, coords, texts) => this.labels.put(key, coords, texts),
      dropped: (key) => this.labels.drop(key),
      failed: (status) => this.listener.failed(status),
    })
    tiles.on('loading', () => tiles === this.tiles && this.listener.busy(true))
    tiles.on('load', () => tiles === this.tiles && this.loaded())
    this.tiles = tiles
    tiles.addTo(this.map)
    if (!tiles.isLoading()) this.loaded()
  }

  setHiddenTiers(hidden: string[]) {
    this.hidden = hidden
    this.painter.style(this.palette, hidden)
    this.labels.restyle(this.palette, this.rankOf)
    this.hover.show(null)
  }

  setCounts(tier: string | null, counts: ReadonlyMap<string, number>, steps: TintSteps) {
    const tints = new Map<string, Tint>()
    for (const [code, count] of counts) {
      const tint = tintOf(count, steps)
      if (tint) tints.set(code, tint)
    }
    this.painter.tint(tier, tints)
  }

  setPoints(points: IncidentPoints) {
    this.incidents.setPoints(points)
  }

  setFilter(filter: MarkFilter) {
    this.incidents.setFilter(filter)
  }

  announce(ids: string[]) {
    this.incidents.announce(ids)
  }

  selectIncident(incident: IncidentSummary | null) {
    this.incidents.select(incident)
  }

  selectBorder(border: Feature | null) {
    this.border.clearLayers()
    if (border) this.border.addData(border)
  }

  setPicking(picking: boolean) {
    this.mode.exit(this.map)
    this.mode = picking ? this.pick : this.browse
    this.mode.enter(this.map)
  }

  setPin(at: { lon: number; lat: number } | null) {
    if (at) this.pin.setLatLng([at.lat, at.lon]).addTo(this.map)
    else this.pin.remove()
  }

  goTo({ zoom, lat, lon }: Position) {
    this.map.setView([lat, lon], zoom, { animate: this.mayMove() })
  }

  fit(box: Box) {
    this.map.fitBounds(asBounds(box), { padding: [48, 48], maxZoom: 18, animate: this.mayMove() })
  }

  /**
   * Comes near a place only as far as needed: not at all when it is in view and the map is close. With a distance, it stays
   * far enough away to show what lies that many metres off.
   */
  bringIntoView(lon: number, lat: number, metres: number | null) {
    const far = metres ? zoomShowing(metres, lat) : MAX_ZOOM
    const zoom = Math.min(Math.max(this.map.getZoom(), CLOSE_ZOOM), far)
    if (zoom === this.map.getZoom() && this.map.getBounds().pad(-0.1).contains([lat, lon])) return
    this.goTo({ zoom, lat, lon })
  }

  /** Moves only if the place is out of view. */
  reveal(lon: number, lat: number) {
    if (!this.map.getBounds().contains([lat, lon])) this.map.panTo([lat, lon], { animate: this.mayMove() })
  }

  zoomBy(steps: number) {
    this.map.setZoom(this.map.getZoom() + steps, { animate: this.mayMove() })
  }

  resized() {
    this.map.invalidateSize({ debounceMoveend: true })
  }

  reload() {
    this.tiles?.redraw()
  }

  private readonly rankOf = (tier: string, zoom: number) => {
    if (this.hidden.includes(tier)) return null
    return ranks(shownTiers(this.source?.tiers ?? [], Math.min(zoom, 18)))[tier] ?? null
  }

  private loaded() {
    for (const tiles of this.old.splice(0)) tiles.remove()
    this.listener.busy(false)
  }

  private mayMove() {
    return !matchMedia('(prefers-reduced-motion: reduce)').matches
  }

  private rest() {
    this.moving = false
    const center = this.map.getCenter()
    const view = this.map.getBounds()
    this.listener.zoomed(this.map.getZoom())
    this.listener.rested(
      { zoom: this.map.getZoom(), lat: center.lat, lon: center.lng },
      [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()],
    )
  }

  private tellPicked(at: L.LatLng) {
    this.listener.picked(at.lng, at.lat)
  }

  private async choose(at: L.LatLng, point: L.Point) {
    const hit = this.incidentAt(point)
    if (hit && 'id' in hit) return this.listener.incidentChosen(hit.id)
    if (hit) return this.goTo({ zoom: Math.min(hit.zoom, MAX_ZOOM), lat: hit.lat, lon: hit.lon })
    const region = await this.tiles?.regionAt(this.map, at)
    if (region) this.listener.regionChosen(region.code)
  }

  private async point(at: L.LatLng, point: L.Point) {
    if (this.moving) return
    this.listener.pointed({ lon: at.lng, lat: at.lat })
    this.map.getContainer().style.cursor = this.incidentAt(point) ? 'pointer' : ''
    const region = (await this.tiles?.regionAt(this.map, at)) ?? null
    if (this.mode !== this.browse) return
    this.hover.show(region)
    this.listener.hovered(region?.name ?? null)
  }

  private leave() {
    this.hover.show(null)
    this.listener.hovered(null)
    this.listener.pointed(null)
  }

  private incidentAt(point: L.Point) {
    const world = point.add(this.map.getPixelBounds().min!)
    return this.incidents.hit(world.x, world.y)
  }
}

/** The closest zoom at which so many metres are at most 240 pixels. */
function zoomShowing(metres: number, lat: number): number {
  const metresPerPixel = (40_075_017 * Math.cos((lat * Math.PI) / 180)) / 256
  return Math.max(3, Math.floor(Math.log2((metresPerPixel * 240) / metres)))
}
