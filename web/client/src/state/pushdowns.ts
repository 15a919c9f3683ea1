/** Whether something that was pushed down is open now. */
import type { Pushdown } from '../api/contract'

export type PushdownState = 'open' | 'coming' | 'ended' | 'withdrawn' | 'replaced'

export function stateOf(pushdown: Pushdown & { replaced_by?: string | null }, now = Date.now()): PushdownState {
  if (pushdown.withdrawn_at) return 'withdrawn'
  if (pushdown.replaced_by) return 'replaced'
  if (pushdown.valid_to && Date.parse(pushdown.valid_to) <= now) return 'ended'
  return Date.parse(pushdown.valid_from) > now ? 'coming' : 'open'
}
