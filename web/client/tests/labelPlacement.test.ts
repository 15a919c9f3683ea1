import { describe, expect, it } from 'vitest'
import { placeLabels, type Label, type Mark } from '../src/map/labelPlacement'

const label = (code: string, x: number, y: number, more: Partial<Label> = {}): Label => ({
  code, text: code, rank: 0, x, y, room: 1000, ...more,
})
const measure = () => ({ width: 60, height: 14 })
const codes = (labels: Label[], marks: Mark[] = []) => placeLabels(labels, marks, measure).map(({ code }) => code)
const wall = (y: number): Mark => ({ x: 100, y, width: 200, height: 14, small: false })

describe('labels', () => {
  it('are all written where there is room', () => {
    expect(codes([label('a', 0, 0), label('b', 200, 0)])).toEqual(['a', 'b'])
  })

  it('move a line down, then up, and are left out when that does not help', () => {
    const placed = placeLabels(['a', 'b', 'c', 'd'].map((code) => label(code, 100, 100)), [], () => ({ width: 60, height: 20 }))
    expect(placed.map(({ code, y }) => [code, y])).toEqual([['a', 100], ['b', 130], ['c', 70]])
  })

  it('never overlap, however many there are', () => {
    let seed = 7
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below
    const crowd = Array.from({ length: 400 }, (_, i) => label(String(i), random(900), random(600), { rank: (i % 3) as 0 | 1 | 2 }))
    const placed = placeLabels(crowd, [], measure)
    expect(placed.length).toBeGreaterThan(50)
    for (const a of placed)
      for (const b of placed)
        if (a !== b) expect(Math.abs(a.x - b.x) >= 60 || Math.abs(a.y - b.y) >= 14).toBe(true)
  })

  it('of coarser regions come first', () => {
    expect(codes([label('fine', 0, 0), label('coarse', 0, 2, { rank: 2 })])[0]).toBe('coarse')
  })

  it('do not depend on the order in which tiles arrive', () => {
    const labels = [label('a', 0, 0), label('b', 20, 3), label('c', 300, 0)]
    expect(codes(labels)).toEqual(codes([...labels].reverse()))
  })

  it('of finest regions are left out where the region is much narrower than its name', () => {
    expect(codes([label('a', 0, 0, { room: 40 })])).toEqual([])
    expect(codes([label('a', 0, 0, { room: 40, rank: 1 })])).toEqual(['a'])
  })

  it('keep clear of clusters', () => {
    expect(codes([label('a', 100, 100, { rank: 1 })], [wall(86), wall(100), wall(114)])).toEqual([])
  })

  it('of landmarks are written under small marks rather than not at all', () => {
    const marks = [86, 100, 114].map((y) => ({ ...wall(y), small: true }))
    expect(codes([label('landmark', 100, 100, { rank: 1 })], marks)).toEqual(['landmark'])
    expect(codes([label('finest', 100, 100)], marks)).toEqual([])
  })
})
