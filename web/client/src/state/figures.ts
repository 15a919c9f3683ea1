/** The four figures of the day. */
import { shallowRef } from 'vue'
import { readFigures } from '../api/calls'
import { toProblem, type Problem } from '../api/client'
import type { Figures } from '../api/contract'

export const figures = shallowRef<Figures | null>(null)
export const figuresProblem = shallowRef<Problem | null>(null)

export async function loadFigures() {
  try {
    figures.value = await readFigures()
    figuresProblem.value = null
  } catch (reason) {
    figuresProblem.value = toProblem(reason)
  }
}
