export { findChromium } from "./findChromium.ts"
export { launchChromium } from "./launchChromium.ts"
export { violations } from "./violations.ts"
