/** The audit log as it is searched: what is asked, what was found page by page, and whether it is sealed. */
import { ref, shallowRef } from 'vue'
import { listAudit, listDeeds, readAuditHealth, type AuditFilter } from '../api/calls'
import { toProblem, type Problem } from '../api/client'
import type { AuditHealth, AuditRecord, Deed } from '../api/contract'
import { Latest } from '../api/latest'

export type Asked = Record<keyof AuditFilter, string>

export const records = shallowRef<AuditRecord[]>([])
export const next = ref<string | null>(null)
export const loading = ref(false)
export const problem = shallowRef<Problem | null>(null)
export const deeds = shallowRef<Deed[]>([])
export const health = shallowRef<AuditHealth | null>(null)

const latest = new Latest()

/** Dates are whole days of the browser's zone; what is left empty is not asked for. */
export function filterOf(asked: Asked): AuditFilter {
  const text = (value: string) => value.trim() || undefined
  const { since, until, person, action, object, region } = asked
  return {
    since: since ? new Date(`${since}T00:00:00`).toISOString() : undefined,
    until: until ? new Date(`${until}T23:59:59.999`).toISOString() : undefined,
    person: text(person), action: text(action), object: text(object), region: text(region),
  }
}

export function find(filter: AuditFilter, cursor?: string) {
  loading.value = true
  return latest.ask(
    (signal) => listAudit(filter, cursor, signal),
    (page) => {
      records.value = cursor ? [...records.value, ...page.items] : page.items
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

export async function loadDeeds() {
  if (!deeds.value.length) deeds.value = await listDeeds()
}

export async function loadHealth() {
  health.value = await readAuditHealth()
}
