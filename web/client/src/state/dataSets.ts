/** The data sets there are, under the names that people know. */
import { shallowRef } from 'vue'
import { listDataSets } from '../api/calls'
import type { DataSet } from '../api/contract'
import { local, wordOr } from '../i18n'
import { session } from './session'

export const dataSets = shallowRef<DataSet[]>([])

export async function loadDataSets() {
  if (!dataSets.value.length) dataSets.value = await listDataSets()
}

/** Those with records of their own that this person sees anywhere. */
export const seenDataSets = () =>
  dataSets.value.filter((each) => each.data_set !== 'incidents' && session.value?.rights.includes(`see_${each.data_set}`))

export function dataSetName(dataSet: string): string {
  const found = dataSets.value.find((each) => each.data_set === dataSet)
  return found ? local(found.name) : dataSet
}

export function fieldName(dataSet: string, field: string): string {
  const found = dataSets.value.find((each) => each.data_set === dataSet)?.fields.find((each) => each.field === field)
  return found ? local(found.name) : wordOr('field', field)
}
