import * as fc from "fast-check"

const codePoints = 0x11_0000
const surrogates = 0x800
const firstSurrogate = 0xd800

/** Any character of Unicode. fast-check's own, `binary`, first maps every one of them, which takes seconds. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(codePoints - surrogates - 1)
  .map((index) => String.fromCodePoint(index < firstSurrogate ? index : index + surrogates))
