/**
 * The runner process: forked before it is needed, runs one job, exits. It leads its own process group, and its only
 * tie to the worker is the IPC channel; when that closes it stops politely and ends.
 */
import { type RunnerMessage, RunnerRequest } from "./messages.ts";
import { type RunningJob, runJob } from "./run-job.ts";

let running: RunningJob | undefined;

const send = (message: RunnerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (!process.connected || process.send === undefined) return resolve();
    process.send(message, undefined, {}, () => resolve());
  });

// The worker decides when the CLI is signalled; a Ctrl-C in its terminal must not end running creates.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

process.on("disconnect", () => {
  if (running === undefined) process.exit(0);
  running.interrupt();
});

process.on("message", (raw) => {
  const request = RunnerRequest.safeParse(raw);
  if (!request.success) {
    void fault(`The worker sent a message this runner does not know: ${request.error.issues[0]?.message}`);
  } else if (request.data.kind === "interrupt") {
    running?.interrupt();
  } else if (running === undefined) {
    running = runJob(request.data.job, {
      onEvent: (event) => void send({ kind: "event", event }),
      onProcess: (pid, startTime) => void send({ kind: "process", pid, startTime }),
    });
    running.outcome.then(
      async (outcome) => {
        await send({ kind: "ended", outcome });
        process.exit(0);
      },
      (error: unknown) => fault(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  }
});

async function fault(message: string): Promise<void> {
  await send({ kind: "fault", message });
  process.exit(1);
}

void send({ kind: "ready" });
