/** Single keys that work anywhere on the page, but never while somebody is typing. */
import { onBeforeUnmount, onMounted } from 'vue'

export function useShortcuts(actions: Record<string, (event: KeyboardEvent) => void>) {
  const hear = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
    const typing = (event.target as HTMLElement).closest('input:not([type=checkbox], [type=radio]), textarea, [role=menu]')
    if (typing && event.key !== 'Escape') return
    actions[event.key]?.(event)
  }
  onMounted(() => document.addEventListener('keydown', hear))
  onBeforeUnmount(() => document.removeEventListener('keydown', hear))
}
