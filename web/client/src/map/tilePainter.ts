/** The page's side of the tile worker: asks for tiles, hands out what comes back. */
import type { TileName } from './ground'
import type { Palette, Rank, Tint } from './style'
import type { Piece, TileLabel } from './tileGeometry'

export interface TileRequest {
  key: string
  /** Addresses of the two tiles drawn as one; null for none. */
  regions: string | null
  ground: string | null
  column: number
  row: number
  zoom: number
  pixels: number
  density: number
  ranks: Record<string, Rank>
}

export type ToWorker =
  | { kind: 'read'; request: TileRequest }
  | { kind: 'drop'; key: string }
  | { kind: 'style'; palette: Palette; hidden: string[] }
  | { kind: 'tints'; tinted: string | null; tints: Map<string, Tint> }
  | { kind: 'find'; question: number; key: string; x: number; y: number }

export type FromWorker =
  | { kind: 'painted'; key: string; bitmap: ImageBitmap | null; texts: TileTexts | null }
  | { kind: 'failed'; key: string; status: number }
  | { kind: 'found'; question: number; region: FoundRegion | null }

/** What is written on a tile: names of regions, and of the ground beneath. */
export interface TileTexts { labels: TileLabel[]; names: TileName[] }

export interface FoundRegion { code: string; name: string; tier: string; zoom: number; pieces: Piece[] }

/** A tile painted may also have failed: it lacks its ground then. */
export interface TileListener {
  painted(bitmap: ImageBitmap | null, texts: TileTexts | null): void
  failed(status: number): void
}

export class TilePainter {
  private readonly worker = new Worker(new URL('./mapTiles.worker.ts', import.meta.url), { type: 'module' })
  private readonly listeners = new Map<string, TileListener>()
  private readonly answers = new Map<number, (region: FoundRegion | null) => void>()
  private questions = 0

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data)
  }

  read(request: TileRequest, listener: TileListener) {
    this.listeners.set(request.key, listener)
    this.tell({ kind: 'read', request })
  }

  drop(key: string) {
    this.listeners.delete(key)
    this.tell({ kind: 'drop', key })
  }

  style(palette: Palette, hidden: string[]) {
    this.tell({ kind: 'style', palette, hidden })
  }

  tint(tinted: string | null, tints: Map<string, Tint>) {
    this.tell({ kind: 'tints', tinted, tints })
  }

  /** The finest region drawn at a point of a tile, with its rings in every tile loaded. */
  find(key: string, x: number, y: number): Promise<FoundRegion | null> {
    const question = ++this.questions
    this.tell({ kind: 'find', question, key, x, y })
    return new Promise((resolve) => this.answers.set(question, resolve))
  }

  end() {
    this.worker.terminate()
  }

  private tell(message: ToWorker) {
    this.worker.postMessage(message)
  }

  private hear(message: FromWorker) {
    if (message.kind === 'found') {
      this.answers.get(message.question)?.(message.region)
      this.answers.delete(message.question)
      return
    }
    const listener = this.listeners.get(message.key)
    if (message.kind === 'failed') listener?.failed(message.status)
    else if (listener) listener.painted(message.bitmap, message.texts)
    else message.bitmap?.close()
  }
}
