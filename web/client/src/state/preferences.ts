/** What a person chose on this device: language, theme, base map, folded panels. An address may say otherwise (?lang=, ?theme=). */
import { computed, ref, watchEffect } from 'vue'

export type Language = 'zh' | 'en'
export type Theme = 'light' | 'dark'

const asked = new URLSearchParams(location.search)
const stored = (name: string) => localStorage.getItem(`citybrain.${name}`)
const store = (name: string, value: string) => localStorage.setItem(`citybrain.${name}`, value)
const oneOf = <Value extends string>(values: readonly Value[], ...wanted: (string | null)[]) =>
  wanted.find((value): value is Value => values.includes(value as Value))

export const language = ref<Language>(oneOf(['zh', 'en'], asked.get('lang'), stored('language')) ?? 'zh')

const chosenTheme = ref<Theme | undefined>(oneOf(['light', 'dark'], asked.get('theme'), stored('theme')))
const system = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = ref(system.matches)
system.addEventListener('change', () => (systemIsDark.value = system.matches))
export const theme = computed<Theme>(() => chosenTheme.value ?? (systemIsDark.value ? 'dark' : 'light'))

export function chooseLanguage(value: Language) {
  language.value = value
  store('language', value)
}

export function chooseTheme(value: Theme) {
  chosenTheme.value = value
  store('theme', value)
}

/** A phone's width, where panels become sheets. */
export const narrow = matchMedia('(max-width: 720px)')
export const folded = ref<Record<'left' | 'right' | 'legend', boolean>>({
  left: stored('folded.left') === 'true',
  right: stored('folded.right') === 'true',
  legend: (stored('folded.legend') ?? String(narrow.matches)) === 'true',
})

export function fold(panel: keyof typeof folded.value, value: boolean) {
  folded.value[panel] = value
  store(`folded.${panel}`, String(value))
}

export const baseMap = ref(stored('baseMap') !== 'false')

export function showBaseMap(value: boolean) {
  baseMap.value = value
  store('baseMap', String(value))
}

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.classList.toggle('dark', theme.value === 'dark')
})
