/** How the map looks: colours for both themes, line weights, tints and which tiers are drawn. Legend and map read it here. */
import type { SchemeTier } from '../api/contract'
import type { Theme } from '../state/preferences'

export type Rank = 0 | 1 | 2
export type Tint = 0 | 1 | 2

/** Pixels by rank: 0 is the finest tier drawn. */
export const lineWeights = [0.6, 1.1, 2] as const

/** Ways from the widest to the narrowest. */
export const wayKinds = ['expressway', 'trunk', 'secondary', 'street', 'lane'] as const
export type WayKind = (typeof wayKinds)[number]

/** The base map stays quiet: nothing in it is as strong as a border, a label or an incident. */
export interface BasePalette {
  /** By use; a use without a colour is left as plain land. */
  land: Readonly<Record<string, string>>
  building: string
  wall: string
  /** The wall around a compound, by its use. */
  compounds: Readonly<Record<string, string>>
  ways: Readonly<Record<WayKind, string>>
  casings: Readonly<Record<WayKind, string>>
  names: { way: string; water: string; green: string; area: string; building: string }
}

export interface Palette {
  base: BasePalette
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
    base: {
      land: {
        estate: '#eef1f4', old_town: '#ebedf0', village: '#f0f0ed', industry: '#eaeaef', farmland: '#e9f0e2', park: '#d8e8d4',
        campus: '#eef1ea', mall: '#f3eeea', water: '#c2d7e6',
      },
      building: '#dee3e9',
      wall: '#ced5dd',
      compounds: { estate: '#c0cad5', campus: '#bccabb' },
      ways: { expressway: '#f6e0b6', trunk: '#faefd8', secondary: '#ffffff', street: '#ffffff', lane: '#ffffff' },
      casings: { expressway: '#d0b684', trunk: '#d9caa8', secondary: '#d2d9e1', street: '#d8dee5', lane: '#e1e5ea' },
      names: { way: '#6b7682', water: '#3f739c', green: '#4a7650', area: '#707b87', building: '#87929d' },
    },
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
    base: {
      land: {
        estate: '#151e28', old_town: '#171f29', village: '#171f27', industry: '#191f2a', farmland: '#16221e', park: '#17281f',
        campus: '#172124', mall: '#1c2027', water: '#112d41',
      },
      building: '#263240',
      wall: '#324050',
      compounds: { estate: '#2f3d4d', campus: '#2d403c' },
      ways: { expressway: '#4b4435', trunk: '#3c3a35', secondary: '#2e3844', street: '#29323d', lane: '#252e39' },
      casings: { expressway: '#0f151c', trunk: '#0f151c', secondary: '#10171f', street: '#111820', lane: '#121922' },
      names: { way: '#8592a0', water: '#6c9cc2', green: '#6f9a78', area: '#7d8a98', building: '#74818f' },
    },
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

/** Pixels at zoom 18, and what a way keeps from afar; between, it loses a good third with each zoom. */
const WIDTHS: Record<WayKind, readonly [near: number, far: number]> = {
  expressway: [30, 2.6], trunk: [26, 2], secondary: [19, 1.5], street: [13, 1.2], lane: [7, 1],
}

export function wayWidth(kind: WayKind, zoom: number): number {
  const [near, far] = WIDTHS[kind]
  return Math.max(far, near * 0.64 ** (18 - Math.min(zoom, 18)))
}

/** The colour in which something of the base map is named. */
export function nameColour({ names }: BasePalette, kind: string): string {
  if (kind === 'water' || kind === 'building') return names[kind]
  if (kind === 'park') return names.green
  return (wayKinds as readonly string[]).includes(kind) ? names.way : names.area
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
