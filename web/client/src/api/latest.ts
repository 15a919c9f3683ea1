import { isAbort } from './client'

/** Only the newest question counts: asking again aborts the one under way, whose answer is never delivered. */
export class Latest {
  private controller: AbortController | null = null

  async ask<T>(question: (signal: AbortSignal) => Promise<T>, deliver: (answer: T) => void, fail: (reason: unknown) => void) {
    this.cancel()
    const controller = (this.controller = new AbortController())
    try {
      const answer = await question(controller.signal)
      if (!controller.signal.aborted) deliver(answer)
    } catch (reason) {
      if (!isAbort(reason) && !controller.signal.aborted) fail(reason)
    }
  }

  cancel() {
    this.controller?.abort()
    this.controller = null
  }
}
