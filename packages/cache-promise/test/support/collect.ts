/** All that comes. */
export const collect = async <A>(coming: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: Array<A> = []
  for await (const each of coming) all.push(each)
  return all
}
