/**
 * Functions whose results are cached.
 */
import type { CachedKey, CachedPromise, CachedSettings } from "./CachedPromise.ts"

// biome-ignore lint/suspicious/noExplicitAny: a function of any type.
type AnyFunction = (...args: any) => PromiseLike<unknown>

type KeyPart = string | number

/** The options of `CachePromise.wrap`. */
export type WrapOptions<F extends AnyFunction> = CachedSettings<Parameters<F>, Awaited<ReturnType<F>>> &
  (Parameters<F> extends readonly [KeyPart, ...ReadonlyArray<KeyPart>]
    ? {
        /** The parts of a call's text. Calls of the same text share a result. Defaults to the arguments. */
        readonly key?: ((...args: Parameters<F>) => CachedKey) | undefined
      }
    : {
        /** The parts of a call's text: all arguments that the result depends on. Calls of the same text share a result. */
        readonly key: (...args: Parameters<F>) => CachedKey
      })

/** A function whose results are cached. */
export type Wrapped<F extends AnyFunction> = ((...args: Parameters<F>) => Promise<Awaited<ReturnType<F>>>) & {
  /** Forgets the result of a call, as `CachedPromise.invalidate` does. */
  readonly invalidate: (...args: Parameters<F>) => Promise<void>
}

/** Wraps a function by a view that `cached` makes. */
export const wrapWith = <F extends AnyFunction>(
  run: F,
  { key, ...options }: WrapOptions<F>,
  cached: (options: object) => CachedPromise<Parameters<F>, Awaited<ReturnType<F>>>
): Wrapped<F> => {
  const view = cached({
    ...options,
    key: key && ((args: Parameters<F>) => key(...args)),
    lookup: (args: Parameters<F>) => run(...args)
  })
  return Object.assign((...args: Parameters<F>) => view.get(args), {
    invalidate: (...args: Parameters<F>) => view.invalidate(args)
  })
}
