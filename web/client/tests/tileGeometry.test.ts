import { describe, expect, it } from 'vitest'
import { cellAt, decodeTile, ringsOf } from '../src/map/tileGeometry'
import { writeTile } from './tile'

const square = (left: number, top: number, size: number): [number, number][] => [
  [left, top], [left + size, top], [left + size, top + size], [left, top + size],
]

const bytes = writeTile(
  {
    grid: [
      { code: '440604010001', name: '甲', rings: [square(0, 0, 1000), square(400, 400, 200).reverse()] },
      { code: '440604010002', name: '乙', rings: [square(1000, 0, 1000), square(3000, 3000, 500)] },
    ],
    micro_grid: [{ code: '440604010001001', name: '丙', rings: [[[0, 0], [1000, 0], [0, 1000]]] }],
  },
  [{ code: '440604010001', name: '甲', tier: 'grid', at: [500, 200] }],
)
const tile = decodeTile(bytes)
const grid = tile.tiers.get('grid')!

describe('a decoded tile', () => {
  it('keeps codes and names as text', () => {
    expect(grid.codes).toEqual(['440604010001', '440604010002'])
    expect(grid.names).toEqual(['甲', '乙'])
  })

  it('does not take the labels for a tier', () => {
    expect([...tile.tiers.keys()]).toEqual(['grid', 'micro_grid'])
  })

  it('tells a label how wide its region is', () => {
    expect(tile.labels).toEqual([{ code: '440604010001', name: '甲', tier: 'grid', x: 500, y: 200, room: 1000 }])
  })

  it('hands out the rings of one region', () => {
    expect(ringsOf(grid, 1)).toHaveLength(2)
    expect([...ringsOf(grid, 1)[1].slice(0, 4)]).toEqual([3000, 3000, 3500, 3000])
  })
})

describe('the region at a point', () => {
  it.each([
    ['inside the first', 100, 100, 0],
    ['in the hole of the first', 500, 500, -1],
    ['inside the second', 1500, 500, 1],
    ['on the island of the second', 3200, 3200, 1],
    ['between the parts of the second', 2500, 2500, -1],
    ['outside all', 500, 1500, -1],
  ])('%s', (_, x, y, index) => {
    expect(cellAt(grid, x, y)).toBe(index)
  })

  it('is not decided by the bounding box alone', () => {
    const micro = tile.tiers.get('micro_grid')!
    expect(cellAt(micro, 200, 200)).toBe(0)
    expect(cellAt(micro, 900, 900)).toBe(-1)
  })

  it('gives each point of a shared border to one neighbour only', () => {
    const hits = [0, 1].filter((i) => cellAt({ ...grid, codes: grid.codes.slice(i, i + 1), ...only(i) }, 1000, 500) === 0)
    expect(hits).toHaveLength(1)
  })
})

function only(i: number) {
  return { boxes: grid.boxes.slice(i * 4), firstRing: grid.firstRing.slice(i) }
}
