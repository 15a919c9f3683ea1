import { describe, expect, it } from 'vitest'
import { clusterBeyond, lineRanks, palettes, ranks, shownTiers, tintOf, tintSteps } from '../src/map/style'

const tiers = [['district', 0], ['subdistrict', 8], ['community', 10], ['grid', 12], ['micro_grid', 14]].map(
  ([tier, min_zoom]) => ({ tier: String(tier), min_zoom: Number(min_zoom), count: 1 }),
)

describe('the tiers shown', () => {
  it('are the finest three that the zoom allows, coarse to fine', () => {
    expect(shownTiers(tiers, 5)).toEqual(['district'])
    expect(shownTiers(tiers, 9)).toEqual(['district', 'subdistrict'])
    expect(shownTiers(tiers, 13)).toEqual(['subdistrict', 'community', 'grid'])
    expect(shownTiers(tiers, 18)).toEqual(['community', 'grid', 'micro_grid'])
  })

  it('rank from the finest for names and from the coarsest for lines', () => {
    expect(ranks(['community', 'grid', 'micro_grid'])).toEqual({ community: 2, grid: 1, micro_grid: 0 })
    expect(lineRanks(['community', 'grid', 'micro_grid'])).toEqual({ community: 2, grid: 1, micro_grid: 0 })
    expect(ranks(['district', 'subdistrict'])).toEqual({ district: 1, subdistrict: 0 })
    expect(lineRanks(['district', 'subdistrict'])).toEqual({ district: 2, subdistrict: 1 })
  })
})

describe('the tint of a region', () => {
  it('starts at one and three where incidents are few', () => {
    const steps = tintSteps(1.3)
    expect(steps).toEqual({ low: 1, high: 3 })
    expect([0, 1, 2, 3, 40].map((count) => tintOf(count, steps))).toEqual([0, 1, 1, 2, 2])
  })

  it('starts at the average where a region has many, rounded', () => {
    expect(tintSteps(2.8)).toEqual({ low: 3, high: 6 })
    expect(tintSteps(34)).toEqual({ low: 40, high: 80 })
    expect(tintSteps(700)).toEqual({ low: 800, high: 2000 })
  })

  it('always has two different steps', () => {
    for (let mean = 0; mean < 300; mean += 0.37) {
      const { low, high } = tintSteps(mean)
      expect(low).toBeGreaterThan(0)
      expect(high).toBeGreaterThan(low)
    }
  })
})

it('both themes name the same colours', () => {
  expect(Object.keys(palettes.dark)).toEqual(Object.keys(palettes.light))
})

it('a phone clusters earlier than a desk', () => {
  expect(clusterBeyond(1366, 768)).toBe(400)
  expect(clusterBeyond(390, 640)).toBeLessThan(200)
})
