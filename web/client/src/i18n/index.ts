import { language, type Language } from '../state/preferences'
import type { Localized } from '../api/contract'
import { en } from './en'
import { zh } from './zh'

export type MessageKey = keyof typeof zh

type Holes<Text extends string> = Text extends `${string}{${infer Hole}}${infer Rest}` ? Hole | Holes<Rest> : never
type Fillings<Key extends MessageKey> = [Holes<(typeof zh)[Key]>] extends [never]
  ? []
  : [Record<Holes<(typeof zh)[Key]>, string | number>]

const messages: Record<Language, Record<MessageKey, string>> = { zh, en }

/** The text of a message in the language chosen; a missing text or filling fails the type check. */
export function t<Key extends MessageKey>(key: Key, ...[fillings]: Fillings<Key>): string {
  return fill(messages[language.value][key], fillings as Record<string, string | number> | undefined)
}

/** A text for a word that comes from the server, or the word itself when there is none. */
export function wordOr(prefix: string, word: string): string {
  return messages[language.value][`${prefix}.${word}` as MessageKey] ?? word
}

export function local(name: Localized): string {
  return name[language.value] || name.zh
}

export function fill(text: string, fillings: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(fillings[name] ?? hole))
}
