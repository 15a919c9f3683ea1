/** The address bar as the one place that says where the map is and what is selected. */
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { formatPosition, parsePosition, parseSelection, withSelection, type Position, type Selection } from './address'

export function useAddress() {
  const route = useRoute()
  const router = useRouter()
  return {
    position: computed(() => parsePosition(route.hash)),
    selection: computed(() => parseSelection(route.query)),
    scheme: computed(() => (typeof route.query.scheme === 'string' ? route.query.scheme : null)),

    /** A selection is a step that the back button undoes; moving the map is not. */
    select: (selection: Selection | null) => router.push({ query: withSelection(route.query, selection), hash: route.hash }),
    moveTo: (position: Position) => router.replace({ query: route.query, hash: formatPosition(position) }),
    remember: (query: Record<string, string>) => router.replace({ query: { ...route.query, ...query }, hash: route.hash }),
  }
}
