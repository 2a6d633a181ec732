/**
 * A server that takes what is exported by OTLP over HTTP, as JSON, and keeps it.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, type Scope } from "effect"

/** As OTLP has it: each value under the name of its type. */
interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

export interface ReceivedSpan {
  readonly name: string
  readonly kind: number
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly status: { readonly code: number; readonly message?: string }
}

interface Point {
  readonly attributes: ReadonlyArray<Attribute>
  readonly asDouble?: number
  readonly count?: number
  readonly explicitBounds?: ReadonlyArray<number>
}

export interface ReceivedMetric {
  readonly name: string
  readonly unit: string
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: ReadonlyArray<Point> }
  readonly histogram?: { readonly dataPoints: ReadonlyArray<Point> }
}

export interface OtlpReceiver {
  readonly url: string
  /** Every body so far, as it came. */
  readonly bodies: ReadonlyArray<string>
  readonly spans: () => ReadonlyArray<ReceivedSpan>
  /** Those of the last export. */
  readonly metrics: () => ReadonlyArray<ReceivedMetric>
}

/** Listens on a free port of loopback until the scope closes. */
export const make: Effect.Effect<OtlpReceiver, never, Scope.Scope> = Effect.gen(function* () {
  const bodies: Array<string> = []
  const received = { traces: [] as Array<string>, metrics: [] as Array<string> }
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString()
      bodies.push(body)
      if (request.url === "/v1/traces") received.traces.push(body)
      if (request.url === "/v1/metrics") received.metrics.push(body)
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () =>
      received.traces.flatMap((body) =>
        JSON.parse(body).resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: ReadonlyArray<{ spans: [] }> }) =>
          scopeSpans.flatMap(({ spans }) => spans)
        )
      ),
    metrics: () =>
      JSON.parse(received.metrics.at(-1) ?? '{"resourceMetrics":[]}').resourceMetrics.flatMap(
        ({ scopeMetrics }: { scopeMetrics: ReadonlyArray<{ metrics: [] }> }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics)
      )
  }
})

/** The attributes of a span or a point, as an object. */
export const attributesOf = ({ attributes }: { readonly attributes: ReadonlyArray<Attribute> }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
