/** A canvas over the view and a margin around it: moves with the map, scales while it zooms, is drawn anew when it rests. */
import * as L from 'leaflet'

const MARGIN = 0.12

export interface Frame {
  context: CanvasRenderingContext2D
  zoom: number
  /** World pixels of the canvas's upper left corner at this zoom. */
  left: number
  top: number
  width: number
  height: number
  /** The part of the canvas that is the view, without the margin. */
  view: { left: number; top: number; right: number; bottom: number }
}

export abstract class ViewCanvas extends L.Layer {
  private canvas!: HTMLCanvasElement
  private drawnAt: { center: L.LatLng; zoom: number } | null = null
  private scheduled = 0

  constructor(private readonly paneName: string) {
    super()
  }

  protected abstract draw(frame: Frame): void

  /** An empty canvas is taken out of the page: without a GPU each one costs every frame of a moving map. */
  protected isEmpty(): boolean {
    return false
  }

  protected get map(): L.Map | null {
    return this._map ?? null
  }

  override onAdd(map: L.Map): this {
    this.canvas = L.DomUtil.create('canvas', 'view-canvas leaflet-zoom-animated')
    map.getPane(this.paneName)!.append(this.canvas)
    this.redraw()
    return this
  }

  override onRemove(): this {
    cancelAnimationFrame(this.scheduled)
    this.canvas.remove()
    return this
  }

  override getEvents() {
    return {
      moveend: () => this.redraw(),
      viewreset: () => this.redraw(),
      resize: () => this.redraw(),
      move: () => this.keepUp(),
      zoomanim: (event: L.LeafletEvent) => this.follow(event as L.ZoomAnimEvent),
    }
  }

  /** Draws once before the next paint, however often it is asked to. */
  redraw() {
    if (!this._map) return
    cancelAnimationFrame(this.scheduled)
    this.scheduled = requestAnimationFrame(() => this.paint())
  }

  private paint() {
    const map = this._map
    this.canvas.hidden = this.isEmpty()
    if (this.canvas.hidden) return
    const size = map.getSize()
    const margin = size.multiplyBy(MARGIN).round()
    const density = Math.min(window.devicePixelRatio || 1, 3)
    const [width, height] = [size.x + 2 * margin.x, size.y + 2 * margin.y]
    fit(this.canvas, width, height, density)
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint(margin.multiplyBy(-1)))
    this.canvas.style.opacity = ''
    this.drawnAt = { center: map.getCenter(), zoom: map.getZoom() }
    const corner = map.getPixelBounds().min!.subtract(margin)
    const context = this.canvas.getContext('2d')!
    context.setTransform(density, 0, 0, density, 0, 0)
    context.clearRect(0, 0, width, height)
    this.draw({
      context, width, height, zoom: map.getZoom(), left: corner.x, top: corner.y,
      view: { left: margin.x, top: margin.y, right: margin.x + size.x, bottom: margin.y + size.y },
    })
  }

  /** A long drag leaves the margin: draw again on the way. */
  private keepUp() {
    const drawn = this.drawnAt
    if (!drawn || drawn.zoom !== this._map.getZoom()) return
    const size = this._map.getSize()
    const moved = this._map.latLngToContainerPoint(drawn.center).subtract(size.divideBy(2))
    if (Math.abs(moved.x) > size.x * MARGIN || Math.abs(moved.y) > size.y * MARGIN) this.redraw()
  }

  private follow({ center, zoom }: L.ZoomAnimEvent) {
    if (!this.drawnAt) return
    const map = this._map
    const scale = map.getZoomScale(zoom, this.drawnAt.zoom)
    const half = map.getSize().multiplyBy(0.5 + MARGIN)
    const pane = L.DomUtil.getPosition(map.getPane('mapPane')!)
    const origin = map.project(center, zoom).subtract(map.getSize().divideBy(2)).add(pane)
    const corner = map.project(this.drawnAt.center, zoom).subtract(half.multiplyBy(scale)).subtract(origin)
    L.DomUtil.setTransform(this.canvas, corner.round(), scale)
    this.whileZooming?.(this.canvas)
  }

  /** What else happens to the canvas while the map zooms. */
  protected whileZooming?(canvas: HTMLCanvasElement): void
}

function fit(canvas: HTMLCanvasElement, width: number, height: number, density: number) {
  const [w, h] = [Math.round(width * density), Math.round(height * density)]
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w
    canvas.height = h
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
}
