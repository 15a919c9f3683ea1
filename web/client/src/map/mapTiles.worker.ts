/** Fetches tiles, keeps them decoded and paints them, so that a change of colour asks the server for nothing. */
import { decodeGround, type Ground } from './ground'
import { palettes, type Tint } from './style'
import { cellAt, decodeTile, ringsOf, type Tile } from './tileGeometry'
import { paintTile, type PaintStyle } from './tilePaint'
import type { FoundRegion, FromWorker, TileRequest, ToWorker } from './tilePainter'

interface Kept { request: TileRequest; abort: AbortController; tile: Tile | null; ground: Ground | null }

const scope = self as unknown as DedicatedWorkerGlobalScope
const kept = new Map<string, Kept>()
const stale = new Set<string>()
let painting = false
let style: PaintStyle = { palette: palettes.light, hidden: new Set(), tinted: null, tints: new Map() }

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'read') void read(data.request)
  else if (data.kind === 'drop') drop(data.key)
  else if (data.kind === 'style') restyle({ ...style, palette: data.palette, hidden: new Set(data.hidden) }, () => true)
  else if (data.kind === 'tints') retint(data.tinted, data.tints)
  else tell({ kind: 'found', question: data.question, region: find(data.key, data.x, data.y) })
}

function tell(message: FromWorker, transfer: Transferable[] = []) {
  scope.postMessage(message, transfer)
}

/** Without its borders a tile has failed; without its ground it is painted all the same, and then said to have failed. */
async function read(request: TileRequest) {
  const one: Kept = { request, abort: new AbortController(), tile: null, ground: null }
  kept.set(request.key, one)
  const { signal } = one.abort
  const regions = load(request.regions, signal).then(decodeTile)
  regions.catch((reason: unknown) => fail(one, reason))
  const ground = request.ground ? load(request.ground, signal).then(decodeGround) : null
  const [borders, base] = await Promise.allSettled([regions, ground])
  if (signal.aborted || borders.status === 'rejected') return
  one.tile = borders.value
  if (base.status === 'fulfilled') one.ground = base.value
  paint(one, true)
  if (base.status === 'rejected') fail(one, base.reason)
}

function fail({ request, abort }: Kept, reason: unknown) {
  if (abort.signal.aborted) return
  abort.abort()
  tell({ kind: 'failed', key: request.key, status: reason instanceof Refused ? reason.status : 0 })
}

class Refused extends Error {
  constructor(readonly status: number) {
    super()
  }
}

async function load(url: string | null, signal: AbortSignal): Promise<ArrayBuffer> {
  if (!url) return new ArrayBuffer(0)
  const response = await fetch(url, { credentials: 'same-origin', signal })
  if (!response.ok) throw new Refused(response.status)
  return response.arrayBuffer()
}

function drop(key: string) {
  kept.get(key)?.abort.abort()
  kept.delete(key)
  stale.delete(key)
}

function paint({ request, tile, ground }: Kept, first: boolean) {
  const texts = first && tile ? { labels: tile.labels, names: ground?.names ?? [] } : null
  if (!tile?.tiers.size && !ground) return tell({ kind: 'painted', key: request.key, bitmap: null, texts })
  const canvas = new OffscreenCanvas(request.pixels, request.pixels)
  paintTile(canvas.getContext('2d')!, tile!, ground, request.ranks, request, style)
  const bitmap = canvas.transferToImageBitmap()
  tell({ kind: 'painted', key: request.key, bitmap, texts }, [bitmap])
}

function restyle(wanted: PaintStyle, touched: (tile: Tile) => boolean) {
  style = wanted
  for (const [key, { tile }] of kept) if (tile && touched(tile)) stale.add(key)
  void repaint()
}

function retint(tinted: string | null, tints: Map<string, Tint>) {
  const before = style
  restyle({ ...style, tinted, tints }, (tile) => {
    if (before.tinted !== tinted) return true
    const codes = (tinted && tile.tiers.get(tinted)?.codes) || []
    return codes.some((code) => before.tints.get(code) !== tints.get(code))
  })
}

/** One tile at a time, so that a click or a new tile does not wait for all of them. */
async function repaint() {
  if (painting) return
  painting = true
  for (const key of stale) {
    stale.delete(key)
    const one = kept.get(key)
    if (one) paint(one, false)
    await new Promise((resolve) => setTimeout(resolve))
  }
  painting = false
}

function find(key: string, x: number, y: number): FoundRegion | null {
  const here = kept.get(key)
  if (!here?.tile) return null
  const { ranks, zoom } = here.request
  const tiers = [...here.tile.tiers.keys()].filter((tier) => tier in ranks && !style.hidden.has(tier))
  for (const tier of tiers.sort((a, b) => ranks[a] - ranks[b])) {
    const cells = here.tile.tiers.get(tier)!
    const i = cellAt(cells, x, y)
    if (i >= 0) return { code: cells.codes[i], name: cells.names[i], tier, zoom, pieces: pieces(tier, cells.codes[i], zoom) }
  }
  return null
}

function pieces(tier: string, code: string, zoom: number) {
  const found = []
  for (const { request, tile } of kept.values()) {
    const cells = request.zoom === zoom ? tile?.tiers.get(tier) : undefined
    const i = cells?.codes.indexOf(code) ?? -1
    if (cells && i >= 0) found.push({ column: request.column, row: request.row, rings: ringsOf(cells, i) })
  }
  return found
}
