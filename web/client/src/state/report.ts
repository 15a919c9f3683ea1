/** The incident being reported: whether the form is open, the point chosen, and whether it is being picked on the map. */
import { ref, shallowRef } from 'vue'

export const reporting = ref(false)
export const picking = ref(false)
export const pin = shallowRef<{ lon: number; lat: number } | null>(null)

export function startReport() {
  reporting.value = true
  picking.value = pin.value === null
}

export function endReport() {
  reporting.value = false
  picking.value = false
  pin.value = null
}
