export { QuietReporter, QuietReporter as default, type QuietReporterOptions } from "./QuietReporter.ts"
export { quiet } from "./quiet.ts"
