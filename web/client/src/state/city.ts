/** The city as the server describes it: its tiers, its schemes, and the scheme being looked at. */
import { computed, shallowRef, ref } from 'vue'
import { readCity } from '../api/calls'
import type { City, Scheme } from '../api/contract'
import { local } from '../i18n'

export const city = shallowRef<City | null>(null)
const schemeName = ref('')

export const scheme = computed<Scheme | null>(() => {
  const schemes = city.value?.schemes ?? []
  return schemes.find((one) => one.scheme === schemeName.value) ?? schemes.find((one) => one.is_main) ?? schemes[0] ?? null
})

export async function loadCity() {
  city.value = await readCity()
}

export function chooseScheme(name: string) {
  schemeName.value = name
}

/** Tiles of the new edition are asked for at once; the rest of the scheme follows with the city. */
export async function adoptEdition(name: string, edition: string) {
  const now = city.value
  if (!now) return
  city.value = {
    ...now,
    schemes: now.schemes.map((one) =>
      one.scheme === name
        ? { ...one, edition: { published_at: '', valid_from: '', seq: 0, ...one.edition, id: edition } }
        : one,
    ),
  }
  await loadCity()
}

export function tierName(tier: string): string {
  const found = city.value?.tiers.find((one) => one.tier === tier)
  const name = found ? local(found.name) : tier
  return name.charAt(0).toUpperCase() + name.slice(1)
}
