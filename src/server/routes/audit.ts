/** Handlers of the audit log. */
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/audit.ts";
import type { ServerDeps } from "../deps.ts";
import { exportLines } from "../services/audit-export.ts";
import { listAudit, refuseEmptySpan } from "../services/audit-log.ts";
import { verification, verifyChain } from "../services/audit-verification.ts";
import { audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";
import { textFile } from "./text-file.ts";

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
      return textFile(deps, c, { name: `onvera-audit.${format}`, contentType: fileTypes[format], pieces: lines });
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
