/** Which port the API listens on: the one that was set, else the installation's own, else the next free one while nothing is deployed. */
import { SetupError, systemErrorCode } from "../domain/setup-error.ts";
import { findListener } from "../local/postgres/ports.ts";
import { type Installation, settingsFile } from "./installation.ts";
import type { Log } from "./log.ts";
import { hasDeployments } from "./node-deployments.ts";
import { moveApiPort } from "./settings.ts";

/** How often an installation without deployments looks for another port. */
const MOVES = 5;

export interface Listening<Server> {
  server: Server;
  port: number;
}

/**
 * Listens on the API's port. Two installations that are set up at the same moment choose the same one: the second moves.
 * @param listen rejects with the system's error when it cannot
 * @throws SetupError `port-taken` naming who has it, where the port was set or deployments know it
 */
export async function listenForApi<Server>(
  installation: Installation,
  log: Log,
  listen: (port: number) => Promise<Server>,
): Promise<Listening<Server>> {
  const chosen = process.env.ONVERA_API_PORT;
  const { settings, paths } = installation;
  for (let attempt = 1; ; attempt += 1) {
    const port = chosen ? portNumber(chosen) : settings.apiPort;
    try {
      return { server: await listen(port), port };
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
      const mayMove = !chosen && attempt < MOVES && code === "EADDRINUSE" && !(await hasDeployments(installation));
      if (!mayMove) throw await cannotListen(port, chosen !== undefined, code, settingsFile(paths), error);
      Object.assign(settings, await moveApiPort(settingsFile(paths), settings));
      log.warn({ taken: port, port: settings.apiPort }, "The API's port is taken; another one is used from now on");
    }
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new SetupError("port-taken", {
    what: "The API cannot listen",
    why: `ONVERA_API_PORT is '${text}', which is no port number.`,
    nextStep: "Set it to a number from 1 to 65535, or unset it to have a free port chosen.",
  });
}

async function cannotListen(port: number, isChosen: boolean, code: string, file: string, cause: unknown) {
  const holder = (await findListener(port))?.replace(/,$/, "") ?? "another program";
  const other = isChosen
    ? "set ONVERA_API_PORT to a free port, or unset it"
    : `set ONVERA_API_PORT to a free port, or change apiPort in ${file}`;
  return new SetupError("port-taken", {
    what: `The API cannot listen on port ${port}`,
    why: code === "EACCES" ? "this user may not use it." : `it is taken by ${holder}.`,
    nextStep: code === "EACCES" ? `Choose another: ${other}.` : `End that program, or ${other}.`,
    cause,
  });
}
