/** What a click and the pointer mean. A mode is entered and left; the map is in exactly one. */
import * as L from 'leaflet'

export interface Mode {
  enter(map: L.Map): void
  exit(map: L.Map): void
}

export interface BrowseListener {
  clicked(at: L.LatLng, point: L.Point): void
  moved(at: L.LatLng, point: L.Point): void
  left(): void
}

export class Browse implements Mode {
  constructor(private readonly listener: BrowseListener) {}

  private readonly click = (event: L.LeafletMouseEvent) => this.listener.clicked(event.latlng, event.containerPoint)
  private readonly move = (event: L.LeafletMouseEvent) => this.listener.moved(event.latlng, event.containerPoint)
  private readonly leave = () => this.listener.left()

  enter(map: L.Map) {
    map.on({ click: this.click, mousemove: this.move, mouseout: this.leave })
  }

  exit(map: L.Map) {
    map.off({ click: this.click, mousemove: this.move, mouseout: this.leave })
    this.leave()
    map.getContainer().style.cursor = ''
  }
}

export class PickPoint implements Mode {
  constructor(
    private readonly picked: (at: L.LatLng) => void,
    private readonly moved: (at: L.LatLng) => void,
  ) {}

  private readonly click = (event: L.LeafletMouseEvent) => this.picked(event.latlng)
  private readonly move = (event: L.LeafletMouseEvent) => this.moved(event.latlng)

  enter(map: L.Map) {
    map.on({ click: this.click, mousemove: this.move })
    map.getContainer().style.cursor = 'crosshair'
  }

  exit(map: L.Map) {
    map.off({ click: this.click, mousemove: this.move })
    map.getContainer().style.cursor = ''
  }
}
