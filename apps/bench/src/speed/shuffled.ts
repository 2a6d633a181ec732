/** The items in an order of chance (Fisher and Yates). */
export const shuffled = <A>(items: ReadonlyArray<A>, random: () => number): Array<A> => {
  const order = [...items]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const item = order[at] as A
    order[at] = order[other] as A
    order[other] = item
  }
  return order
}
