/** What the map needs for the part of the city in view: incident points and open counts. */
import { computed, ref, shallowRef } from 'vue'
import { readOpenCounts, readPoints } from '../api/calls'
import { toProblem, type Problem } from '../api/client'
import type { Box, IncidentPoints, IncidentSummary } from '../api/contract'
import { Latest } from '../api/latest'
import { tintSteps } from '../map/style'
import { shownIncidents, tintedTier } from './layers'

const nothing: IncidentPoints = { ids: [], lon: [], lat: [], open: [], assigned: [], truncated: false }

export const points = shallowRef<IncidentPoints>(nothing)
export const counts = shallowRef<ReadonlyMap<string, number>>(new Map())
export const pointsProblem = shallowRef<Problem | null>(null)
export const reading = ref(0)

/** The average of the largest part of the city seen so far, by tier: steps that changed with every move would mislead. */
const means = shallowRef<Record<string, { regions: number; mean: number }>>({})
export const tint = computed(() => tintSteps(means.value[tintedTier.value ?? '']?.mean ?? 0))

let box: Box | null = null
let meanwhile: IncidentSummary[] = []
const latestPoints = new Latest()
const latestCounts = new Latest()

export function lookAt(view: Box) {
  box = padded(view, 0.5)
  return Promise.all([loadPoints(), loadCounts()])
}

export async function loadPoints() {
  if (!box) return
  const [inside, state] = [box, shownIncidents.closed ? ('all' as const) : ('open' as const)]
  await counted(
    latestPoints.ask(
      (signal) => readPoints(inside, state, signal),
      (answer) => {
        points.value = mergePoints(answer, meanwhile)[0]
        meanwhile = []
        pointsProblem.value = null
      },
      (reason) => (pointsProblem.value = toProblem(reason)),
    ),
  )
}

export async function loadCounts() {
  const tier = tintedTier.value
  if (!box || !tier) return
  const inside = box
  await counted(
    latestCounts.ask(
      (signal) => readOpenCounts(tier, inside, signal),
      (answer) => {
        counts.value = new Map(Object.entries(answer.counts))
        learnMean(tier, Object.values(answer.counts))
      },
      (reason) => (pointsProblem.value = toProblem(reason)),
    ),
  )
}

function learnMean(tier: string, open: number[]) {
  if (open.length < (means.value[tier]?.regions ?? 1)) return
  const mean = open.reduce((sum, one) => sum + one, 0) / open.length
  means.value = { ...means.value, [tier]: { regions: open.length, mean } }
}

async function counted(work: Promise<void>) {
  reading.value += 1
  await work
  reading.value -= 1
}

/** Puts changed incidents among the points; answers with the ids that are new on the map. */
export function mergeIntoPoints(changed: IncidentSummary[]): string[] {
  // An answer that is on its way may have been written before this change: it is put in again then.
  if (reading.value > 0) meanwhile.push(...changed)
  const [merged, fresh] = mergePoints(points.value, changed)
  points.value = merged
  return fresh
}

export function mergePoints(now: IncidentPoints, changed: IncidentSummary[]): [IncidentPoints, string[]] {
  const merged = {
    ids: [...now.ids], lon: [...now.lon], lat: [...now.lat], open: [...now.open], assigned: [...now.assigned],
    truncated: now.truncated,
  }
  const places = new Map(now.ids.map((id, place) => [id, place]))
  const fresh: string[] = []
  for (const incident of changed) {
    const place = places.get(incident.id) ?? merged.ids.length
    if (place === merged.ids.length) {
      places.set(incident.id, place)
      fresh.push(incident.id)
    }
    merged.ids[place] = incident.id
    merged.lon[place] = incident.lon
    merged.lat[place] = incident.lat
    merged.open[place] = incident.open
    merged.assigned[place] = incident.assigned
  }
  return [merged, fresh]
}

export function padded([west, south, east, north]: Box, share: number): Box {
  const [dx, dy] = [(east - west) * share, (north - south) * share]
  return [
    Math.max(-180, west - dx), Math.max(-90, south - dy), Math.min(180, east + dx), Math.min(90, north + dy),
  ].map((value) => Math.round(value * 1e6) / 1e6) as Box
}
