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

/** More incidents than this in view are drawn as clusters; a small screen has room for fewer. */
export const clusterBeyond = (width: number, height: number) => Math.min(400, Math.round((width * height) / 1400))

/** The tiers a tile holds at a zoom, coarse to fine: those already visible, the finest three of them. */
export function shownTiers(tiers: readonly SchemeTier[], zoom: number): string[] {
  return tiers.filter((one) => one.min_zoom <= zoom).slice(-3).map((one) => one.tier)
}

/** How far each tier shown is from the finest of them. */
export function ranks(tiers: readonly string[]): Record<string, Rank> {
  return Object.fromEntries(tiers.map((tier, place) => [tier, (tiers.length - 1 - place) as Rank]))
}

/**
 * The weight and colour of each tier's lines: the coarsest of several is the heaviest, or few lines would be hard to see. A tier
 * alone is a whole country or city from far away: the middle weight keeps its small regions apart.
 */
export function lineRanks(tiers: readonly string[]): Record<string, Rank> {
  const heaviest = tiers.length === 1 ? 1 : 2
  return Object.fromEntries(tiers.map((tier, place) => [tier, (heaviest - place) as Rank]))
}

export interface TintSteps { low: number; high: number }

/**
 * From how many open incidents a region is tinted, given how many a region that has any has on average. One and three where
 * that is little; else the average and twice the average, or a coarse tier would be all of one colour.
 */
export function tintSteps(mean: number): TintSteps {
  if (mean <= 2) return { low: 1, high: 3 }
  const low = roundUp(mean)
  return { low, high: Math.max(low + 1, roundUp(mean * 2)) }
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find((one) => one * power >= value) ?? 10
  return Math.round(step * power)
}

export function tintOf(count: number, { low, high }: TintSteps): Tint {
  if (count >= high) return 2
  return count >= low ? 1 : 0
}
