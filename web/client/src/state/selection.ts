/** The region or incident that the address names, read from the server. */
import { computed, shallowRef } from 'vue'
import type { Feature } from 'geojson'
import { readBorder, readIncident, readRegion } from '../api/calls'
import { toProblem, type Problem } from '../api/client'
import type { Incident, RegionCard } from '../api/contract'
import { Latest } from '../api/latest'
import type { Selection } from './address'

export const selection = shallowRef<Selection | null>(null)
export const region = shallowRef<RegionCard | null>(null)
export const border = shallowRef<Feature | null>(null)
export const incident = shallowRef<Incident | null>(null)
export const selectionProblem = shallowRef<Problem | null>(null)
export const selectionLoading = computed(
  () => selection.value !== null && !region.value && !incident.value && !selectionProblem.value,
)

const latestCard = new Latest()
const latestBorder = new Latest()

export function select(wanted: Selection | null) {
  selection.value = wanted
  region.value = null
  border.value = null
  incident.value = null
  selectionProblem.value = null
  latestCard.cancel()
  latestBorder.cancel()
  return loadSelection()
}

/** Reads the card and its border, as after a choice or a new edition. */
export async function loadSelection() {
  const wanted = selection.value
  if (wanted?.kind === 'region') void loadBorder(wanted.scheme, wanted.code)
  await refreshSelection()
  const home = incident.value?.region
  if (home && selection.value === wanted) void loadBorder(home.scheme, home.code)
}

/** Reads the card alone: borders do not change with incidents. */
export function refreshSelection() {
  const wanted = selection.value
  if (!wanted) return
  return latestCard.ask(
    async (signal) =>
      wanted.kind === 'region'
        ? { region: await readRegion(wanted.scheme, wanted.code, signal), incident: null }
        : { region: null, incident: await readIncident(wanted.id, signal) },
    (card) => {
      region.value = card.region
      incident.value = card.incident
      selectionProblem.value = null
    },
    (reason) => (selectionProblem.value = toProblem(reason)),
  )
}

/** A region's outline; with an incident that of its own or its nearest region. A border that cannot be read leaves the card without its outline; the card itself tells what is wrong. */
function loadBorder(scheme: string, code: string) {
  return latestBorder.ask(
    (signal) => readBorder(scheme, code, signal),
    (feature) => (border.value = feature),
    () => (border.value = null),
  )
}
