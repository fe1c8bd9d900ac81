/** The audit log as declared: read, export, and whether it is whole. */
import {
  AuditEventView,
  AuditExportQuery,
  AuditListQuery,
  AuditVerification,
  AuditVerificationQuery,
} from "../schemas/audit.ts";
import { envelope, pageOf } from "../schemas/common.ts";
import { declare, fileAnswer, jsonAnswer, problems } from "./declare.ts";

const tags = ["Audit"];

export const listAudit = declare("audit.read", {
  method: "get",
  path: "/audit",
  operationId: "listAuditEvents",
  tags,
  summary: "The organization's audit log",
  request: { query: AuditListQuery },
  responses: { 200: jsonAnswer("A page of events, newest first.", pageOf(AuditEventView)), ...problems() },
});

export const exportAudit = declare("audit.read", {
  method: "get",
  path: "/audit/export",
  operationId: "exportAuditEvents",
  tags,
  summary: "The audit log as one file",
  request: { query: AuditExportQuery },
  responses: {
    200: fileAnswer("One event a line, oldest first, as they come. The export itself is written in the log.", [
      "application/x-ndjson",
      "text/csv",
    ]),
    ...problems(),
  },
});

export const verifyAudit = declare("audit.read", {
  method: "get",
  path: "/audit/verification",
  operationId: "verifyAuditLog",
  tags,
  summary: "Whether the audit log is whole",
  request: { query: AuditVerificationQuery },
  responses: { 200: jsonAnswer("What was found.", envelope(AuditVerification)), ...problems() },
});
