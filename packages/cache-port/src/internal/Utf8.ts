/**
 * UTF-8 of well-formed text, on any runtime of Effect: the port imports nothing of Node or a DOM.
 */

/** The number of bytes of `text` in UTF-8. */
export const utf8Length = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) {
      // A surrogate is half of a character of four bytes.
      bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
    }
  }
  return bytes
}

declare const TextEncoder: new () => { readonly encode: (text: string) => Uint8Array }

const encoder = new TextEncoder()

/** The bytes of `text` in UTF-8. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text)
