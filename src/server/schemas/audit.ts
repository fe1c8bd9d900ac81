import { z } from "@hono/zod-openapi";
import { chainFaultKinds } from "../../domain/audit-chain.ts";
import { Moment, pageQuery, Timestamp } from "./common.ts";
import { ActorView } from "./operations.ts";

export const AuditEventView = z
  .object({
    id: z.int(),
    at: Timestamp,
    actor: ActorView,
    origin: z.string(),
    action: z.string(),
    target_type: z.string().nullable(),
    target_id: z.string().nullable(),
    change: z.record(z.string(), z.unknown()).nullable(),
    outcome: z.string(),
    request_id: z.string().nullable(),
    position: z.int().nullable().meta({ description: "Place in the organization's chain, from 1." }),
    hash: z.string().nullable().meta({ description: "SHA-256 over this event and the one before it, hex." }),
  })
  .meta({ id: "AuditEvent" });

const filters = {
  from: Moment.optional(),
  to: Moment.optional(),
  actor_id: z.string().min(1).max(100).optional(),
  action: z.string().min(1).max(100).optional(),
  target_id: z.string().min(1).max(100).optional(),
};

export const AuditListQuery = z.strictObject({ ...pageQuery, ...filters });

export const AuditExportQuery = z.strictObject({
  ...filters,
  format: z.enum(["jsonl", "csv"]).default("jsonl").meta({ description: "JSON lines, or CSV with a header line." }),
});

export const AuditVerificationQuery = z.strictObject({
  noted: z
    .string()
    .regex(/^[1-9][0-9]{0,14}:[0-9a-f]{64}$/, "A head is the place of an event, a colon and its hash.")
    .optional()
    .meta({
      description: "A `head` an earlier check gave, kept elsewhere: finds a log that was written anew as a whole.",
    }),
});

export const AuditVerification = z
  .object({
    ok: z.boolean(),
    checked_at: Timestamp,
    chains: z.array(
      z.object({
        chain: z
          .enum(["organization", "installation"])
          .meta({ description: "The installation's own is checked for the platform operator." }),
        ok: z.boolean(),
        events: z.int(),
        head: z.string().nullable().meta({ description: "Note it elsewhere for `noted` of a later check." }),
        fault_count: z.int(),
        faults: z
          .array(
            z.object({
              kind: z.enum(chainFaultKinds),
              position: z.int(),
              event_id: z.int().nullable(),
              message: z.string(),
            }),
          )
          .meta({ description: "The first hundred." }),
      }),
    ),
  })
  .meta({ id: "AuditVerification" });
