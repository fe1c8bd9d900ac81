/** Handlers of a person's own sessions. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import type { ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/access.ts";
import type { ServerDeps } from "../deps.ts";
import { findSession, listSessions, type SessionReader, sessionView } from "../services/own-sessions.ts";
import { revokeSession } from "../services/sessions.ts";
import { audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const sessionRoutes = (deps: ServerDeps) => {
  const readerOf = (c: Context<ServerEnv>): SessionReader => {
    const { userId, sessionId, confinedTo } = c.get("caller");
    return { userId, current: sessionId, confinedTo: sessionId === null ? null : confinedTo, now: deps.now() };
  };

  return newApi()
    .openapi(contracts.listSessions, async (c) => {
      const query = c.req.valid("query");
      return c.json({ data: await transact(deps, null, (db) => listSessions(db, readerOf(c), query)) }, 200);
    })

    .openapi(contracts.endSession, async (c) => {
      const reader = readerOf(c);
      const id = parseId("session", c.req.valid("param").session_id) ?? "";
      const row = await transact(deps, null, async (db) => {
        const found = await findSession(db, reader, id);
        if (!found) throw new OnveraError("SESSION_NOT_FOUND");
        await revokeSession(db, found.id);
        await audit(db, c, {
          organizationId: found.organization_id,
          action: "auth.session_ended",
          targetType: "session",
          targetId: found.id,
        });
        return found;
      });
      return c.json({ data: sessionView(row, reader) }, 200);
    });
};
