/** The app catalogue and the service's own state, as declared. */
import { z } from "@hono/zod-openapi";
import { envelope, listOf } from "../schemas/common.ts";
import { AppView, VersionView } from "../schemas/runtime.ts";
import { declare, jsonAnswer, problems } from "./declare.ts";

export const listApps = declare("apps.read", {
  method: "get",
  path: "/apps",
  operationId: "listApps",
  tags: ["Apps"],
  summary: "Apps, their versions, processes and sizes",
  request: {},
  responses: { 200: jsonAnswer("What can be deployed.", listOf(AppView)), ...problems() },
});

export const getVersion = declare("public", {
  method: "get",
  path: "/version",
  operationId: "getVersion",
  tags: ["Service"],
  summary: "The running version",
  request: {},
  responses: { 200: jsonAnswer("The version.", envelope(VersionView)), ...problems() },
});

const State = z.object({ status: z.enum(["ok", "unavailable"]), detail: z.string() }).meta({ id: "ServiceState" });

export const healthz = declare("public", {
  method: "get",
  path: "/healthz",
  operationId: "healthz",
  tags: ["Service"],
  summary: "Whether the process answers",
  request: {},
  responses: { 200: jsonAnswer("It does.", envelope(State)), ...problems() },
});

export const readyz = declare("public", {
  method: "get",
  path: "/readyz",
  operationId: "readyz",
  tags: ["Service"],
  summary: "Whether the database answers and its schema is current",
  description:
    "Requests are taken while no worker answers, and their operations wait in the queue: the detail says so, the status stays 200.",
  request: {},
  responses: { 200: jsonAnswer("Ready for requests.", envelope(State)), ...problems() },
});

export const readMetrics = declare("metrics.read", {
  method: "get",
  path: "/metrics",
  operationId: "readMetrics",
  tags: ["Service"],
  summary: "The control plane's own figures, in Prometheus' text form",
  request: {},
  responses: {
    200: {
      description: "The figures of this moment.",
      content: { "text/plain": { schema: z.string().meta({ description: "Text exposition format 0.0.4." }) } },
    },
    ...problems(),
  },
});
