import { describe, expect, it } from 'vitest'
import { decodeGround, paintGround } from '../src/map/ground'
import { palettes, nameColour, wayKinds, wayWidth } from '../src/map/style'
import { writeGround } from './tile'

const ground = decodeGround(writeGround({
  land: [
    { properties: { use: 'park' }, line: [[0, 0], [9, 0], [9, 9]] },
    { properties: { use: 'water' }, line: [[0, 20], [9, 20], [9, 29]] },
    { properties: { use: 'park' }, line: [[50, 0], [59, 0], [59, 9]] },
  ],
  ways: [
    { properties: { kind: 'trunk', is_bridge: false }, line: [[0, 0], [100, 100]] },
    { properties: { kind: 'trunk', is_bridge: true }, line: [[100, 100], [200, 200]] },
  ],
  compounds: [
    { properties: { use: 'estate' }, line: [[0, 0], [9, 0], [9, 9]] },
    { properties: { use: 'campus' }, line: [[20, 0], [29, 0], [29, 9]] },
  ],
  names: [
    { properties: { kind: 'trunk', name: '春风大道', room: 900, angle: -45 }, line: [[50, 60]] },
  ],
}))

describe('a decoded tile of the ground', () => {
  it('holds land by use', () => {
    expect([...ground.land.keys()].sort()).toEqual(['park', 'water'])
    expect([...ground.land.get('park')!.xy]).toEqual([0, 0, 9, 0, 9, 9, 50, 0, 59, 0, 59, 9])
  })

  it('holds bridges apart from other ways', () => {
    expect([...ground.ways.get('trunk')!.xy]).toEqual([0, 0, 100, 100])
    expect([...ground.bridges.get('trunk')!.xy]).toEqual([100, 100, 200, 200])
  })

  it('holds compounds by use', () => {
    expect([...ground.compounds.keys()]).toEqual(['estate', 'campus'])
    expect([...ground.compounds.get('campus')!.xy]).toEqual([20, 0, 29, 0, 29, 9])
  })

  it('holds names with their room and direction', () => {
    expect(ground.names).toEqual([{ kind: 'trunk', name: '春风大道', x: 50, y: 60, room: 900, angle: -45 }])
  })

  it('of nothing is empty', () => {
    const empty = decodeGround(new ArrayBuffer(0))
    expect([empty.land.size, empty.ways.size, empty.compounds.size, empty.buildings, empty.names.length]).toEqual([0, 0, 0, null, 0])
  })

  it('gives a name without a direction none', () => {
    const { names } = decodeGround(writeGround({ names: [{ properties: { kind: 'park', name: '和园', room: 5 }, line: [[1, 2]] }] }))
    expect(names[0].angle).toBeNull()
  })
})

it.each(['light', 'dark'] as const)('walls are drawn beneath ways, those of uses without a colour not at all (%s)', (theme) => {
  const { base } = palettes[theme]
  const strokes: string[] = []
  const context = new Proxy({ stroke() { strokes.push(this.strokeStyle) }, strokeStyle: '' }, {
    get: (target, name) => Reflect.get(target, name) ?? (() => {}),
  })
  const mall = decodeGround(writeGround({ compounds: [{ properties: { use: 'mall' }, line: [[0, 0], [9, 0], [9, 9]] }] }))
  const size = { pixels: 256, density: 1, zoom: 15 }
  for (const one of [ground, mall]) paintGround(context as unknown as OffscreenCanvasRenderingContext2D, one, 1, size, base)
  const walls = [base.compounds.estate, base.compounds.campus]
  expect(strokes.filter((colour) => colour !== base.land.water)).toEqual([
    ...walls, base.casings.trunk, base.ways.trunk, base.casings.trunk, base.ways.trunk,
  ])
})

describe('ways', () => {
  it('are the wider the closer, and the more important', () => {
    for (let zoom = 3; zoom < 18; zoom++)
      for (const kind of wayKinds) expect(wayWidth(kind, zoom + 1)).toBeGreaterThanOrEqual(wayWidth(kind, zoom))
    for (let zoom = 3; zoom <= 20; zoom++) {
      const widths = wayKinds.map((kind) => wayWidth(kind, zoom))
      expect(widths).toEqual([...widths].sort((a, b) => b - a))
      expect(new Set(widths).size).toBe(widths.length)
    }
  })

  it('fit into the band that a tile holds beyond its edge', () => {
    for (const kind of wayKinds) expect(wayWidth(kind, 20) / 2 + 0.8).toBeLessThanOrEqual(16)
  })
})

describe.each(['light', 'dark'] as const)('the %s base map', (theme) => {
  const { base, lines, labels } = palettes[theme]

  it('has a colour for the same things as the other', () => {
    const other = palettes[theme === 'light' ? 'dark' : 'light'].base
    for (const part of ['land', 'ways', 'casings', 'compounds', 'names'] as const)
      expect(Object.keys(base[part])).toEqual(Object.keys(other[part]))
  })

  it('is quieter than borders and labels', () => {
    const plain = brightness(base.land.estate)
    const contrast = (colour: string) => Math.abs(brightness(colour) - plain)
    const loudest = Math.max(...[base.building, base.wall, ...Object.values(base.compounds), ...Object.values(base.land), ...Object.values(base.ways)].map(contrast))
    expect(loudest).toBeLessThan(contrast(lines[1]))
    for (const name of Object.values(base.names)) expect(contrast(name)).toBeLessThan(contrast(labels[1]))
  })

  it('draws walls around estates and campuses, a tone away from their land and quieter than any border', () => {
    expect(Object.keys(base.compounds)).toEqual(['estate', 'campus'])
    for (const [use, colour] of Object.entries(base.compounds)) {
      const contrast = Math.abs(brightness(colour) - brightness(base.land[use]))
      expect(contrast).toBeGreaterThan(15)
      expect(contrast).toBeLessThan(Math.abs(brightness(lines[0]) - brightness(base.land[use])))
    }
  })

  it('draws a building a tone away from all land around it', () => {
    for (const [use, colour] of Object.entries(base.land))
      if (use !== 'water' && use !== 'park') expect(Math.abs(brightness(base.building) - brightness(colour))).toBeGreaterThan(5)
  })

  it('names everything in a colour', () => {
    for (const kind of [...wayKinds, 'water', 'park', 'estate', 'building', 'anything'])
      expect(nameColour(base, kind)).toMatch(/^#[0-9a-f]{6}$/)
  })
})

function brightness(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16))
  return 0.3 * red + 0.59 * green + 0.11 * blue
}
