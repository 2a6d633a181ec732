/**
 * The slot of a key: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model
 *
 * It is CRC16 of the key, or of what stands between its first `{` and the first `}` behind that, where that is not
 * empty.
 *
 * @internal
 */
import type { RedisKey } from "../commands/Command.ts"

/** The number of slots of a cluster. */
export const slots = 16_384

const opening = 0x7b
const closing = 0x7d

/** CRC-16/XMODEM, of polynomial 0x1021, byte by byte. */
const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** The slot of a key, 0 to 16383. */
export const slotOf = (key: RedisKey): number => {
  const bytes = typeof key === "string" ? Buffer.from(key) : key
  const start = bytes.indexOf(opening) + 1
  const end = start === 0 ? -1 : bytes.indexOf(closing, start)
  const hashed = end > start ? bytes.subarray(start, end) : bytes
  let crc = 0
  for (const byte of hashed) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] as number)
  return crc % slots
}
