/** The incident queue: newest first, by tab, page by page, kept current by live changes. */
import { ref, shallowRef } from 'vue'
import { listIncidents, type IncidentFilter } from '../api/calls'
import { toProblem, type Problem } from '../api/client'
import type { IncidentSummary } from '../api/contract'
import { Latest } from '../api/latest'

export type Tab = 'open' | 'unassigned' | 'all'
export const tabs: Tab[] = ['open', 'unassigned', 'all']

const filters: Record<Tab, IncidentFilter> = {
  open: { state: 'open' },
  unassigned: { state: 'open', assigned: false },
  all: { state: 'all' },
}

export const tab = ref<Tab>('open')
export const items = shallowRef<IncidentSummary[]>([])
export const next = ref<string | null>(null)
export const loading = ref(false)
export const problem = shallowRef<Problem | null>(null)

const latest = new Latest()
let meanwhile: IncidentSummary[] = []

export function openTab(wanted: Tab) {
  tab.value = wanted
  items.value = []
  next.value = null
  return loadQueue()
}

export const loadQueue = () => read(undefined)
export const loadMore = () => (next.value && !loading.value ? read(next.value) : undefined)

function read(cursor: string | undefined) {
  loading.value = true
  return latest.ask(
    (signal) => listIncidents({ ...filters[tab.value], limit: 50, cursor }, signal),
    (page) => {
      const rows = cursor ? [...items.value, ...page.items] : page.items
      next.value = page.next
      problem.value = null
      loading.value = false
      items.value = merge(rows, meanwhile, tab.value, page.next !== null)
      meanwhile = []
    },
    (reason) => {
      problem.value = toProblem(reason)
      loading.value = false
    },
  )
}

/** What changes while a page is on its way may be newer than what the page will say: it is put in again then. */
export function mergeIntoQueue(changed: IncidentSummary[]) {
  if (loading.value) meanwhile.push(...changed)
  else items.value = merge(items.value, changed, tab.value, next.value !== null)
}

export function belongs(incident: IncidentSummary, to: Tab): boolean {
  if (to === 'open') return incident.open
  if (to === 'unassigned') return incident.open && !incident.assigned
  return true
}

/** Newest first with the changes in place; what is older than the last row of an unfinished list waits for its page. */
export function merge(rows: IncidentSummary[], changed: IncidentSummary[], to: Tab, unfinished: boolean): IncidentSummary[] {
  const oldest = unfinished ? rows.at(-1) : undefined
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const incident of changed) {
    const known = byId.delete(incident.id)
    if (belongs(incident, to) && (known || !oldest || newestFirst(incident, oldest) < 0)) byId.set(incident.id, incident)
  }
  return [...byId.values()].sort(newestFirst)
}

/** By id, as the server pages: ids are numbers that may be longer than JavaScript's. */
function newestFirst(a: IncidentSummary, b: IncidentSummary): number {
  return b.id.length - a.id.length || (a.id < b.id ? 1 : -1)
}
