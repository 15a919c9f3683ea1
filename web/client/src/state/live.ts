/** Keeps what is shown current: listens to the live feed and reads again what changed. */
import { ref } from 'vue'
import { listIncidents } from '../api/calls'
import type { IncidentSummary } from '../api/contract'
import { Live, type LiveState } from '../api/live'
import { Tick } from '../api/tick'
import { adoptEdition, loadCity } from './city'
import { loadFigures } from './figures'
import { loadQueue, mergeIntoQueue } from './queue'
import { loadSelection, refreshSelection, selection } from './selection'
import { loadCounts, loadPoints, mergeIntoPoints } from './view'

export const liveState = ref<LiveState>('connecting')

const IDS_PER_READ = 50
const TOO_MANY = 200
const SUMMARY_MS = 500

/** Figures, tints and the open card follow a little later, so that a surge of incidents does not ask for them without pause. */
const summaries = new Tick((ids) => {
  void loadFigures()
  void loadCounts()
  const shown = selection.value
  if (shown?.kind === 'region' || (shown && ids.includes(shown.id))) void refreshSelection()
}, SUMMARY_MS)

/** Starts listening; `appeared` is told which incidents are new on the map. Answers with the way to stop. */
export function listen(appeared: (ids: string[]) => void): () => void {
  const live = new Live({
    state: (state) => {
      liveState.value = state
      // An ended session also ends the stream, without saying so; any other question tells.
      if (state === 'lost') void loadFigures()
    },
    incidents: (ids) => void refresh(ids, appeared),
    edition: (scheme, edition) => {
      void adoptEdition(scheme, edition)
      void loadSelection()
      void loadCounts()
    },
    reload: () => void reload(),
  })
  return () => live.close()
}

async function refresh(ids: string[], appeared: (ids: string[]) => void) {
  if (ids.length > TOO_MANY) return readAgain()
  try {
    const changed = await readAll(ids)
    mergeIntoQueue(changed)
    appeared(mergeIntoPoints(changed))
  } catch {
    // The live status already tells that the server is away; the reload after reconnecting brings these incidents.
    return
  }
  summaries.add(ids)
}

async function readAll(ids: string[]): Promise<IncidentSummary[]> {
  const parts = Array.from({ length: Math.ceil(ids.length / IDS_PER_READ) }, (_, part) =>
    ids.slice(part * IDS_PER_READ, (part + 1) * IDS_PER_READ),
  )
  const pages = await Promise.all(parts.map((part) => listIncidents({ ids: part.join(','), limit: IDS_PER_READ })))
  return pages.flatMap((page) => page.items)
}

function readAgain() {
  void loadPoints()
  void loadCounts()
  void loadQueue()
  void loadFigures()
  void loadSelection()
}

async function reload() {
  readAgain()
  await loadCity().catch(() => undefined)
}
