/** What choosing a place and moving the pointer mean. A mode is entered and left; the map is in exactly one. */
import * as L from 'leaflet'

export interface Mode {
  enter(map: L.Map): void
  exit(map: L.Map): void
  /** A place was clicked, or Enter was pressed with the map's cross over it. */
  choose(at: L.LatLng, point: L.Point): void
}

export interface BrowseListener {
  chosen(at: L.LatLng, point: L.Point): void
  moved(at: L.LatLng, point: L.Point): void
  left(): void
}

export class Browse implements Mode {
  constructor(private readonly listener: BrowseListener) {}

  private readonly move = (event: L.LeafletMouseEvent) => this.listener.moved(event.latlng, event.containerPoint)
  private readonly leave = () => this.listener.left()

  enter(map: L.Map) {
    map.on({ mousemove: this.move, mouseout: this.leave })
  }

  exit(map: L.Map) {
    map.off({ mousemove: this.move, mouseout: this.leave })
    this.leave()
    map.getContainer().style.cursor = ''
  }

  choose(at: L.LatLng, point: L.Point) {
    this.listener.chosen(at, point)
  }
}

export class PickPoint implements Mode {
  constructor(
    private readonly picked: (at: L.LatLng) => void,
    private readonly moved: (at: L.LatLng) => void,
  ) {}

  private readonly move = (event: L.LeafletMouseEvent) => this.moved(event.latlng)

  enter(map: L.Map) {
    map.on('mousemove', this.move)
    map.getContainer().style.cursor = 'crosshair'
  }

  exit(map: L.Map) {
    map.off('mousemove', this.move)
    map.getContainer().style.cursor = ''
  }

  choose(at: L.LatLng) {
    this.picked(at)
  }
}
