/** The Leaflet layer of region borders and of the base map beneath them; a worker reads and paints its tiles. */
import * as L from 'leaflet'
import type { Box, SchemeTier } from '../api/contract'
import { lineRanks, shownTiers } from './style'
import { EXTENT } from './tileGeometry'
import type { FoundRegion, TilePainter, TileTexts } from './tilePainter'

const MAX_ZOOM_OF_TILES = 18

/** Addresses of tiles, with {z}, {x} and {y}; null where there are no regions, or no base map is wanted. */
export interface MapSource { regions: string | null; ground: string | null; tiers: SchemeTier[]; bbox: Box | null }

export interface TileNews {
  texts(key: string, coords: L.Coords, texts: TileTexts): void
  dropped(key: string): void
  failed(status: number): void
}

export class MapTiles extends L.GridLayer {
  private readonly density = Math.min(window.devicePixelRatio || 1, 3)

  constructor(
    private readonly source: MapSource,
    private readonly painter: TilePainter,
    private readonly news: TileNews,
  ) {
    super({
      maxNativeZoom: MAX_ZOOM_OF_TILES,
      keepBuffer: 1,
      updateWhenIdle: false,
      noWrap: true,
      bounds: source.bbox ? asBounds(source.bbox) : undefined,
      className: 'map-tiles',
    })
    this.on('tileunload', ({ coords }: L.TileEvent) => {
      const key = this.keyOf(coords)
      painter.drop(key)
      news.dropped(key)
    })
  }

  override createTile(coords: L.Coords, done: L.DoneCallback): HTMLElement {
    const tile = document.createElement('canvas')
    const context = tile.getContext('bitmaprenderer')!
    const key = this.keyOf(coords)
    const show = (bitmap: ImageBitmap | null) => {
      if (bitmap) context.transferFromImageBitmap(bitmap)
    }
    let finish: L.DoneCallback | null = done
    this.painter.read(this.request(coords, key), {
      painted: (bitmap, texts) => {
        show(bitmap)
        if (texts) this.news.texts(key, coords, texts)
        finish?.(undefined, tile)
        finish = null
      },
      failed: (status) => {
        this.news.failed(status)
        finish?.(new Error(String(status)), tile)
        finish = null
      },
    })
    return tile
  }

  /** The finest region drawn at a place, if its tile has arrived. */
  async regionAt(map: L.Map, place: L.LatLng): Promise<FoundRegion | null> {
    const zoom = Math.min(map.getZoom(), MAX_ZOOM_OF_TILES)
    const point = map.project(place, zoom).divideBy(256)
    const [column, row] = [Math.floor(point.x), Math.floor(point.y)]
    const key = this.keyOf({ x: column, y: row, z: zoom })
    return this.painter.find(key, (point.x - column) * EXTENT, (point.y - row) * EXTENT)
  }

  private keyOf({ x, y, z }: { x: number; y: number; z: number }): string {
    return `${L.stamp(this)}/${z}/${x}/${y}`
  }

  private request(coords: L.Coords, key: string) {
    const { x, y, z } = coords
    return {
      key,
      regions: this.source.regions && L.Util.template(this.source.regions, { x, y, z }),
      ground: this.source.ground && L.Util.template(this.source.ground, { x, y, z }),
      column: x,
      row: y,
      zoom: z,
      pixels: Math.round(this.getTileSize().x * this.density),
      density: this.density,
      ranks: lineRanks(shownTiers(this.source.tiers, z)),
    }
  }
}

export function asBounds([west, south, east, north]: Box): L.LatLngBounds {
  return L.latLngBounds([south, west], [north, east])
}
