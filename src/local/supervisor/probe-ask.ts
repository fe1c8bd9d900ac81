/** Asks a process once whether it is well: over HTTP, by a command, or by the age of a file it touches. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { request } from "node:http";

/** A probe with its references filled in. */
export type ProbeQuestion =
  | { kind: "http"; port: number; path: string; host: string; timeoutMilliseconds: number }
  | { kind: "command"; command: string[]; timeoutMilliseconds: number; run: CommandContext }
  | { kind: "heartbeat"; file: string; maximumAgeMilliseconds: number; startedAt: number };

export interface CommandContext {
  environment: Record<string, string>;
  folder: string;
  /** Null when the supervisor is not root. */
  owner: { uid: number; gid: number } | null;
}

export interface ProbeAnswer {
  ok: boolean;
  /** The failing probe's own words. */
  detail: string;
}

/** Asks once. Never throws: what goes wrong is the answer. */
export function askProbe(question: ProbeQuestion): Promise<ProbeAnswer> {
  if (question.kind === "http") return askHttp(question, (status) => status >= 200 && status < 400);
  if (question.kind === "command") return askCommand(question);
  return Promise.resolve(askHeartbeat(question));
}

/**
 * Asks a path on a loopback port with the public Host header.
 * @param accept whether a status is the wanted one
 */
export function askHttp(
  question: { port: number; path: string; host: string; timeoutMilliseconds: number },
  accept: (status: number) => boolean,
): Promise<ProbeAnswer> {
  const { port, path, host, timeoutMilliseconds } = question;
  return new Promise((resolve) => {
    const call = request({
      host: "127.0.0.1",
      port,
      path,
      headers: { host, "user-agent": "onvera-probe" },
      agent: false,
    });
    const timer = setTimeout(
      () => call.destroy(new Error(`no answer within ${timeoutMilliseconds} ms`)),
      timeoutMilliseconds,
    );
    const end = (answer: ProbeAnswer): void => {
      clearTimeout(timer);
      call.destroy();
      resolve(answer);
    };
    call.on("response", (response) => {
      const status = response.statusCode ?? 0;
      response.on("error", () => {});
      response.resume();
      end({ ok: accept(status), detail: `GET ${path} answered ${status}` });
    });
    call.on("error", (error) => end({ ok: false, detail: `GET ${path}: ${error.message}` }));
    call.end();
  });
}

function askCommand(question: Extract<ProbeQuestion, { kind: "command" }>): Promise<ProbeAnswer> {
  const [program, ...args] = question.command;
  const { environment, folder, owner } = question.run;
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      env: environment,
      timeout: question.timeoutMilliseconds,
      killSignal: "SIGKILL",
      maxBuffer: 1024 * 1024,
      ...(owner ?? {}),
    } as const;
    execFile(program ?? "", args, options, (error, stdout, stderr) => {
      if (error === null) return resolve({ ok: true, detail: "" });
      const words = `${stderr}${stdout}`.trim().slice(-300);
      const why = error.killed
        ? `no end within ${question.timeoutMilliseconds} ms`
        : `code ${error.code ?? error.signal}`;
      resolve({ ok: false, detail: `${program}: ${why}${words === "" ? "" : `: ${words}`}` });
    });
  });
}

function askHeartbeat(question: Extract<ProbeQuestion, { kind: "heartbeat" }>): ProbeAnswer {
  try {
    const modifiedAt = statSync(question.file).mtimeMs;
    const age = Date.now() - modifiedAt;
    // A file from before this start says nothing about this process. File times may lie a tick behind the clock.
    if (modifiedAt + 20 < question.startedAt)
      return { ok: false, detail: `${question.file} was not touched since the start` };
    return {
      ok: age <= question.maximumAgeMilliseconds,
      detail: `${question.file} is ${Math.round(age / 1000)} s old`,
    };
  } catch {
    return { ok: false, detail: `${question.file} does not exist` };
  }
}
