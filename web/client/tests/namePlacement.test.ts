import { describe, expect, it } from 'vitest'
import { placeNames, type Name } from '../src/map/namePlacement'

const name = (text: string, x: number, y: number, more: Partial<Name> = {}): Name => ({
  kind: 'street', text, x, y, room: 1000, angle: 0, even: true, ...more,
})
const SIZE = 12
const widthOf = ({ text }: Name) => text.length * SIZE
const place = (names: Name[], taken: Parameters<typeof placeNames>[1] = []) => placeNames(names, taken, SIZE, widthOf)
const texts = (names: Name[], taken: Parameters<typeof placeNames>[1] = []) => place(names, taken).map(({ text }) => text)

describe('names of the base map', () => {
  it('give way to what stands there already', () => {
    const label = { x: 100, y: 100, width: 80, height: 14 }
    expect(texts([name('甲路', 110, 100)], [label])).toEqual([])
    expect(texts([name('甲路', 110, 160)], [label])).toEqual(['甲路'])
  })

  it('are written in the order of importance', () => {
    const crowd = [name('乙巷', 0, 0, { kind: 'lane' }), name('甲大道', 5, 5, { kind: 'trunk' })]
    expect(texts(crowd)).toEqual(['甲大道'])
  })

  it('are left out where they do not fit', () => {
    expect(texts([name('很长的路名', 0, 0, { room: 40 })])).toEqual([])
  })

  it('are not repeated close by, but far away', () => {
    expect(place([name('甲路', 0, 0), name('甲路', 256, 0, { even: false }), name('甲路', 512, 0)]).map(({ x }) => x)).toEqual([0, 512])
  })

  it('of buildings may be the same next door', () => {
    const number = (x: number) => name('3栋', x, 0, { kind: 'building', angle: null })
    expect(texts([number(0), number(100)])).toHaveLength(2)
  })

  it('do not depend on the order in which tiles arrive', () => {
    const names = [name('甲路', 0, 0), name('甲路', 200, 0, { even: false }), name('乙路', 20, 4), name('丙路', 200, 3)]
    expect(texts([...names].reverse())).toEqual(texts(names))
  })
})

describe('the direction of a name', () => {
  const along = (angle: number | null, text = '甲乙路') => place([name(text, 0, 0, { angle })])[0]

  it('is read from left to right, whichever way the road was drawn', () => {
    for (const angle of [-170, -20, 0, 20, 160, 190, 359]) expect(along(angle).dx).toBeGreaterThan(0)
    expect(along(170).turn).toBeCloseTo(along(-10).turn)
  })

  it('is from top to bottom on a steep road, with characters upright', () => {
    for (const angle of [-90, -70, 70, 90, 110, 270]) {
      const { stacked, turn, dy } = along(angle)
      expect([stacked, turn]).toEqual([true, 0])
      expect(dy).toBeGreaterThan(0)
    }
  })

  it('turns a latin name whole, however steep', () => {
    const { stacked, turn } = along(80, 'G15')
    expect(stacked).toBe(false)
    expect(turn).toBeCloseTo((80 * Math.PI) / 180)
  })

  it('is level where there is none', () => {
    expect(along(null)).toMatchObject({ turn: 0, stacked: false })
  })

  it('blocks only what lies along it', () => {
    const slanting = name('很长很长的大道', 0, 0, { angle: 45, kind: 'trunk' })
    expect(texts([slanting, name('甲路', 40, -40)])).toEqual(['很长很长的大道', '甲路'])
    expect(texts([slanting, name('甲路', 25, 25)])).toEqual(['很长很长的大道'])
  })
})
