import type { CachePromise } from "@hexcache/cache-promise"
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from "express"
import session from "express-session"
import { isOutage, SessionStore } from "./SessionStore.ts"

declare module "express-session" {
  interface SessionData {
    user: string
  }
}

const halfAnHour = 30 * 60_000

/**
 * Serves a page for everybody and one for whoever is logged in. While the cache is away, the first is served as ever, and
 * the second asks to come again: nobody is logged out by an outage.
 */
export const makeApp = (cache: CachePromise, secret: string): Express => {
  const sessions = session({
    store: new SessionStore(cache, halfAnHour),
    secret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: "lax" }
  })

  /** A request whose session cannot be read has none, and keeps its cookie. */
  const orNone: RequestHandler = (request, response, next) =>
    sessions(request, response, (error) => next(isOutage(error) ? undefined : error))

  const needsSession: RequestHandler = (request, response, next) =>
    request.session === undefined ? void response.status(503).set("Retry-After", "1").end() : next()

  /** Also behind a response, whose session could not be stored. */
  const onOutage: ErrorRequestHandler = (error, _request, response, next) => {
    if (!isOutage(error)) next(error)
    else if (!response.headersSent) response.status(503).set("Retry-After", "1").end()
  }

  return express()
    .use(express.json(), orNone)
    .get("/", (_request, response) => void response.send("welcome"))
    .use(needsSession)
    .post("/login", ({ body, session }, response, next) => {
      // A new id: the old one may be known to others.
      session.regenerate((error) => {
        if (error) return next(error)
        response.req.session.user = String(body.user)
        response.req.session.save((error) => (error ? next(error) : response.status(204).end()))
      })
    })
    .get("/me", ({ session }, response) =>
      session.user === undefined ? void response.status(401).end() : void response.send(session.user)
    )
    .post("/logout", ({ session }, response, next) => {
      session.destroy((error) => (error ? next(error) : response.status(204).end()))
    })
    .use(onOutage)
}
