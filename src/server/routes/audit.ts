/** Handlers of the audit log. */
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/audit.ts";
import type { ServerDeps } from "../deps.ts";
import { exportLines } from "../services/audit-export.ts";
import { listAudit, refuseEmptySpan } from "../services/audit-log.ts";
import { verification, verifyChain } from "../services/audit-verification.ts";
import { audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

const fileTypes = { jsonl: "application/x-ndjson", csv: "text/csv; charset=utf-8" } as const;

export const auditRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listAudit, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const query = c.req.valid("query");
      const page = await transact(deps, organizationId, (db) => listAudit(db, organizationId, query));
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.exportAudit, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { format, ...filters } = c.req.valid("query");
      refuseEmptySpan(filters);
      await transact(deps, organizationId, (db) =>
        audit(db, c, { organizationId, action: "audit.export", change: { format, ...filters } }),
      );
      const lines = exportLines((work) => transact(deps, organizationId, work), { organizationId, filters, format });
      return c.body(asBytes(lines, deps), 200, {
        "Content-Type": fileTypes[format],
        "Content-Disposition": `attachment; filename="onvera-audit.${format}"`,
      });
    })

    .openapi(contracts.verifyAudit, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { noted } = c.req.valid("query");
      const [position, hash = ""] = noted?.split(":") ?? [];
      const head = position === undefined ? undefined : { position: Number(position), hash: Buffer.from(hash, "hex") };
      const chains = [await transact(deps, organizationId, (db) => verifyChain(db, organizationId, head))];
      if (caller.isOperator) chains.push(await transact(deps, null, (db) => verifyChain(db, null, undefined)));
      return c.json({ data: verification(chains, deps.now()) }, 200);
    });

/** Asks for the next line when the reader has taken the one before; a fault ends the answer short, so that it is seen. */
function asBytes(lines: AsyncGenerator<string>, { log }: ServerDeps): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await lines.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (err) {
        log.error({ err }, "An export of the audit log broke off");
        controller.error(err);
      }
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}
