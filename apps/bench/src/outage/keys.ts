/** How long a caller waits before it gives up, in milliseconds: by then a call was answered, failed, or hangs. */
export const patience = 1_000

/** The key that is read again and again. */
export const hotKey = "hot-key"

/** A stored key that is read once. */
export const coldKey = (index: number): string => `cold-key-${index}`

/** The number of cold keys: more than a run reads. */
export const coldKeys = 600

/** The value of a hot or cold key. */
export const storedValue = (key: string): string => `stored under ${key}`
