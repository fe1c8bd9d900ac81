/** `onvera logs`: a deployment's log, past and live; without a deployment, the control plane's own. */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { LogLevel } from "../../domain/log-filter.ts";
import type { LogLine, Query } from "../api/contract.ts";
import { readEvents } from "../api/event-stream.ts";
import { usageError } from "../errors.ts";
import { deploymentId } from "../find-deployment.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import { choice, type Invocation, isSet, text } from "../invocation.ts";
import { moment, wholeNumber } from "../options.ts";
import { dim } from "../output/paint.ts";
import { safeLine } from "../output/safe-text.ts";
import { runVerb } from "./control-plane-verb.ts";

const DEFAULT_TAIL = 200;

/** Prints the last lines, and with --follow what comes after them until Ctrl+C. */
export async function run(invocation: Invocation): Promise<number | undefined> {
  const reference = invocation.args[0];
  if (reference === undefined) return runVerb(invocation, "runLogs");
  const api = invocation.api();
  const id = await deploymentId(api, reference);
  if (isSet(invocation, "all")) return printFile(invocation, id);
  const tail = wholeNumber("--tail", text(invocation, "tail") ?? String(DEFAULT_TAIL));
  const query = { process: text(invocation, "process"), tail, ...filterOf(invocation) };
  if (!isSet(invocation, "follow")) {
    const lines = await api.call("getDeploymentLogs", { path: { deployment_id: id }, query });
    invocation.output.data(lines, {
      names: () => lines.items.map((line) => safeLine(line.text)),
      table: (hasColor) => lines.items.map((line) => logLine(line, hasColor)).join(""),
    });
    if (lines.items.length === 0) invocation.output.say("There are no log lines yet.");
    return undefined;
  }
  await untilInterrupted(invocation.io, (signal) => follow(invocation, id, query, signal));
  return undefined;
}

/** Prints the file as it comes; a cut connection ends the command with an error, so that no half log passes for a whole. */
async function printFile(invocation: Invocation, id: string): Promise<undefined> {
  if (isSet(invocation, "follow") || text(invocation, "tail") !== undefined) {
    throw usageError("--all prints everything that is kept.", "Leave --follow and --tail out.");
  }
  const { isForPrograms } = invocation.output;
  const format = isForPrograms ? "jsonl" : "text";
  const answer = await invocation.api().open("downloadDeploymentLogs", {
    path: { deployment_id: id },
    query: { process: text(invocation, "process"), ...filterOf(invocation), format },
  });
  if (answer.body === null) return undefined;
  for await (const line of createInterface({
    input: Readable.fromWeb(answer.body),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    invocation.io.out(`${isForPrograms ? line : safeLine(line)}\n`);
  }
  return undefined;
}

async function follow(
  invocation: Invocation,
  id: string,
  query: Query<"getDeploymentLogs">,
  signal: AbortSignal,
): Promise<void> {
  const { io, output } = invocation;
  const api = invocation.api();
  const events = readEvents({
    signal,
    open: (lastId, abort) =>
      api.open("getDeploymentLogs", {
        path: { deployment_id: id },
        query: { ...query, follow: "true" },
        headers: { Accept: "text/event-stream", ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) },
        signal: abort,
      }),
    onReconnect: () => output.say("(the connection was cut; connecting again)"),
  });
  for await (const { type, data } of events) {
    if (type === "end") return;
    const line = readLine(data);
    if (line === undefined) continue;
    io.out(output.isForPrograms ? `${JSON.stringify(line)}\n` : logLine(line, io.outHasColor));
  }
}

function filterOf(invocation: Invocation): Query<"getDeploymentLogs"> {
  const now = invocation.io.now();
  return {
    since: moment("--since", text(invocation, "since"), now),
    until: moment("--until", text(invocation, "until"), now),
    contains: text(invocation, "grep"),
    level: choice<LogLevel>(invocation, "level"),
    stream: choice<"stdout" | "stderr">(invocation, "stream"),
  };
}

function readLine(data: string): LogLine | undefined {
  const value: unknown = JSON.parse(data);
  return typeof value === "object" && value !== null && "text" in value ? (value as LogLine) : undefined;
}

function logLine({ at, process, replica, text: line }: LogLine, hasColor: boolean): string {
  const head = `${at} ${process}.${replica}`;
  return `${hasColor ? dim(head) : head}  ${safeLine(line)}\n`;
}
