import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { FromWorker, ToWorker } from '../src/map/tilePainter'
import { writeGround, writeTile } from './tile'

const regions = writeTile({ grid: [{ code: '1', name: '一', rings: [[[0, 0], [4096, 0], [4096, 4096], [0, 4096]]] }] })
const ground = writeGround({ names: [{ properties: { kind: 'park', name: '和园', room: 5 }, line: [[1, 2]] }] })
const request = {
  key: 'a', regions: '/regions', ground: '/ground', column: 0, row: 0, zoom: 15, pixels: 256, density: 1, ranks: { grid: 0 as const },
}
const scope: { onmessage: (event: { data: ToWorker }) => void; postMessage: (message: FromWorker) => void } = {
  onmessage: () => {}, postMessage: (message) => said.push(message),
}
let said: FromWorker[] = []
let answers: Record<string, () => Promise<Response>>

vi.stubGlobal('self', scope)
vi.stubGlobal('fetch', (url: string) => answers[url]())
vi.stubGlobal('OffscreenCanvas', class {
  getContext = () => new Proxy({}, { get: () => () => {}, set: () => true })
  transferToImageBitmap = () => ({})
})
await import('../src/map/mapTiles.worker')

const good = (bytes: ArrayBuffer) => async () => new Response(bytes)
const bad = (status: number) => async () => new Response(null, { status })

async function heard(message: ToWorker, count: number) {
  scope.onmessage({ data: message })
  await vi.waitFor(() => expect(said.length).toBeGreaterThanOrEqual(count))
  return said.splice(0).map((one) => (one.kind === 'painted' ? { ...one, bitmap: !!one.bitmap } : one))
}

describe('a tile of borders and ground', () => {
  beforeEach(() => {
    said = []
    answers = { '/regions': good(regions), '/ground': good(ground) }
    scope.onmessage({ data: { kind: 'drop', key: 'a' } })
  })

  it('is painted with both', async () => {
    const [painted, ...more] = await heard({ kind: 'read', request }, 1)
    expect(painted).toMatchObject({ kind: 'painted', bitmap: true, texts: { names: [{ name: '和园' }] } })
    expect(more).toEqual([])
  })

  it.each([
    ['is refused', bad(504), 504],
    ['does not come', () => Promise.reject(new TypeError('network')), 0],
    ['cannot be read', good(new Uint8Array([11]).buffer), 0],
  ])('has its borders where the ground %s, and says so', async (_, answer, status) => {
    answers['/ground'] = answer
    expect(await heard({ kind: 'read', request }, 2)).toMatchObject([
      { kind: 'painted', bitmap: true, texts: { names: [] } }, { kind: 'failed', status },
    ])
    expect(await heard({ kind: 'find', question: 1, key: 'a', x: 5, y: 5 }, 1)).toMatchObject([{ region: { code: '1' } }])
    answers['/ground'] = good(ground)
    scope.onmessage({ data: { kind: 'drop', key: 'a' } })
    expect(await heard({ kind: 'read', request }, 1)).toMatchObject([{ kind: 'painted', texts: { names: [{ name: '和园' }] } }])
  })

  it('fails without its borders, at once', async () => {
    answers['/regions'] = bad(500)
    answers['/ground'] = () => new Promise(() => {})
    expect(await heard({ kind: 'read', request }, 1)).toEqual([{ kind: 'failed', key: 'a', status: 500 }])
  })

  it('says nothing when it is no longer wanted', async () => {
    scope.onmessage({ data: { kind: 'read', request } })
    scope.onmessage({ data: { kind: 'drop', key: 'a' } })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(said).toEqual([])
  })
})
