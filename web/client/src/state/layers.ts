/** What the map shows: tiers and incidents switched on, and the zoom the map is at. */
import { computed, reactive, ref } from 'vue'
import { shownTiers } from '../map/style'
import { scheme } from './city'

export const hiddenTiers = reactive(new Set<string>())
export const shownIncidents = reactive({ open: true, closed: false, unassigned: true })
export const zoom = ref(0)
export const clustered = ref(false)

/** Tiers of the scheme that the map draws now, coarse to fine. */
export const drawnTiers = computed(() =>
  shownTiers(scheme.value?.tiers ?? [], zoom.value).filter((tier) => !hiddenTiers.has(tier)),
)

/** Open incidents are known by region of the main scheme only. */
export const tintedTier = computed(() => (scheme.value?.is_main ? (drawnTiers.value.at(-1) ?? null) : null))

export function showTier(tier: string, shown: boolean) {
  if (shown) hiddenTiers.delete(tier)
  else hiddenTiers.add(tier)
}
