/** One thing that a form does: whether it is at it, and what went wrong. */
import { ref, shallowRef } from 'vue'
import { toProblem, type Problem } from '../../api/client'
import { t } from '../../i18n'

export function useAction() {
  const working = ref(false)
  const tried = ref(false)
  const problem = shallowRef<Problem | null>(null)

  /** Does it unless something needed is empty. */
  async function run(needed: string[], action: () => Promise<unknown>) {
    tried.value = true
    problem.value = null
    if (needed.some((text) => !text.trim())) return
    working.value = true
    try {
      await action()
      tried.value = false
    } catch (reason) {
      problem.value = toProblem(reason)
    }
    working.value = false
  }

  const errorOf = (field: string, text: string) =>
    problem.value?.ofField(field) || (tried.value && !text.trim() ? t('account.needed') : '')
  /** What belongs to no field of the form. */
  const general = () => (problem.value && problem.value.errors.every(({ field }) => !field) ? problem.value : null)

  return { working, problem, run, errorOf, general }
}
