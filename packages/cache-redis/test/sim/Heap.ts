/** A heap of items, the first of which is before all others. */
export class Heap<A> {
  readonly #isBefore: (one: A, other: A) => boolean
  readonly #items: Array<A> = []

  constructor(isBefore: (one: A, other: A) => boolean) {
    this.#isBefore = isBefore
  }

  get first(): A | undefined {
    return this.#items[0]
  }

  push(item: A): void {
    const items = this.#items
    let place = items.length
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#isBefore(item, items[parent] as A)) break
      items[place] = items[parent] as A
      place = parent
    }
    items[place] = item
  }

  shift(): A | undefined {
    const items = this.#items
    const [first] = items
    const last = items.pop()
    if (last === undefined || items.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#isBefore(items[child + 1] as A, items[child] as A)) child++
      if (!this.#isBefore(items[child] as A, last)) break
      items[place] = items[child] as A
      place = child
    }
    items[place] = last
    return first
  }
}
