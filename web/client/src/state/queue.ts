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
      items.value = cursor ? [...items.value, ...page.items] : page.items
      next.value = page.next
      problem.value = null
      loading.value = false
    },
    (reason) => {
      problem.value = toProblem(reason)
      loading.value = false
    },
  )
}

export function mergeIntoQueue(changed: IncidentSummary[]) {
  if (!loading.value) items.value = merge(items.value, changed, tab.value, next.value !== null)
}

export function belongs(incident: IncidentSummary, to: Tab): boolean {
  if (to === 'open') return incident.open
  if (to === 'unassigned') return incident.open && !incident.assigned
  return true
}

/** Newest first with the changes in place; what is older than the last row of an unfinished list waits for its page. */
export function merge(rows: IncidentSummary[], changed: IncidentSummary[], to: Tab, unfinished: boolean): IncidentSummary[] {
  const oldest = unfinished ? rows.at(-1)?.reported_at : undefined
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const incident of changed) {
    const known = byId.delete(incident.id)
    if (belongs(incident, to) && (known || !oldest || incident.reported_at >= oldest)) byId.set(incident.id, incident)
  }
  return [...byId.values()].sort(newestFirst)
}

function newestFirst(a: IncidentSummary, b: IncidentSummary): number {
  if (a.reported_at !== b.reported_at) return a.reported_at < b.reported_at ? 1 : -1
  return b.id.length - a.id.length || (a.id < b.id ? 1 : -1)
}
