import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generate } from "selfsigned"

/** A certificate that signs itself, for a server that a test owns. */
export interface Certificate {
  /** PEM; also what a client trusts it by. */
  readonly cert: string
  /** Arguments of redis-server to serve TLS at a port, with clients that have no certificate. */
  readonly serverArgs: (tlsPort: number) => ReadonlyArray<string>
  /** Removes its files. */
  readonly remove: () => void
}

/** Makes a certificate for `localhost` and 127.0.0.1, valid for a year. */
export const makeCertificate = async (): Promise<Certificate> => {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" }
        ]
      }
    ]
  })
  const folder = mkdtempSync(join(tmpdir(), "redis-testkit-tls-"))
  const [certFile, keyFile] = [join(folder, "server.crt"), join(folder, "server.key")]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key, { mode: 0o600 })
  return {
    cert,
    serverArgs: (tlsPort) => [
      ...["--tls-port", `${tlsPort}`, "--tls-cert-file", certFile, "--tls-key-file", keyFile],
      ...["--tls-ca-cert-file", certFile, "--tls-auth-clients", "no"]
    ],
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
