/** How the map looks: colours for both themes, line weights, tints and which tiers are drawn. Legend and map read it here. */
import type { SchemeTier } from '../api/contract'
import type { Theme } from '../state/preferences'

export type Rank = 0 | 1 | 2
export type Tint = 0 | 1 | 2

/** Pixels by rank: 0 is the finest tier drawn. */
export const lineWeights = [0.6, 1.1, 2] as const

export interface Palette {
  ground: string
  land: string
  lines: readonly [string, string, string]
  tints: readonly [string, string, string]
  labels: readonly [string, string]
  accent: string
  onAccent: string
  accentWash: string
  ink: string
  grey: string
  surface: string
}

export const palettes: Record<Theme, Palette> = {
  light: {
    ground: '#e6ebf0',
    land: '#f8fafb',
    lines: ['#a4b4c6', '#6786a9', '#36557a'],
    tints: ['transparent', '#f8edd4', '#f5d6cc'],
    labels: ['#51606f', '#22364d'],
    accent: '#1f63d6',
    onAccent: '#ffffff',
    accentWash: 'rgba(31, 99, 214, 0.10)',
    ink: '#17212d',
    grey: '#6b7887',
    surface: '#ffffff',
  },
  dark: {
    ground: '#0b1017',
    land: '#131b25',
    lines: ['#3b5069', '#50729a', '#7ba0cd'],
    tints: ['transparent', '#352f20', '#4a2c28'],
    labels: ['#93a3b5', '#cbd9e8'],
    accent: '#7db4ff',
    onAccent: '#0b1a2e',
    accentWash: 'rgba(125, 180, 255, 0.14)',
    ink: '#e8eef5',
    grey: '#8593a3',
    surface: '#161e28',
  },
}

export const font = '"Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif'

/** The tiers a tile holds at a zoom, coarse to fine: those already visible, the finest three of them. */
export function shownTiers(tiers: readonly SchemeTier[], zoom: number): string[] {
  return tiers.filter((one) => one.min_zoom <= zoom).slice(-3).map((one) => one.tier)
}

/** The rank of each tier shown, the finest being 0. A lone tier is drawn as a middle one, or it would be hard to see. */
export function ranks(tiers: readonly string[]): Record<string, Rank> {
  const lift = tiers.length === 1 ? 1 : 0
  return Object.fromEntries(tiers.map((tier, place) => [tier, (tiers.length - 1 - place + lift) as Rank]))
}

export interface TintSteps { low: number; high: number }

/**
 * From how many open incidents a region is tinted. One and three where incidents are rare; where a region of the tier has
 * several on average, from the average and from twice the average, or a coarse tier would be one colour.
 */
export function tintSteps(open: number, regions: number): TintSteps {
  const mean = regions > 0 ? open / regions : 0
  if (mean <= 1) return { low: 1, high: 3 }
  const low = roundUp(mean)
  return { low, high: Math.max(low + 1, roundUp(mean * 2)) }
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 3, 5, 10].find((one) => one * power >= value) ?? 10
  return Math.max(1, Math.round(step * power))
}

export function tintOf(count: number, { low, high }: TintSteps): Tint {
  if (count >= high) return 2
  return count >= low ? 1 : 0
}
