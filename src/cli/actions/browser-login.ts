/** Signing in by browser: the command line waits until a person, signed in to the dashboard, lets it in. */
import { hostname } from "node:os";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { pause } from "../follow/poll.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { openInBrowser } from "../open-browser.ts";
import { confirm, requireTerminal } from "../prompt.ts";

/** How this machine's command line is called where people see it. */
export const clientName = (): string => `onvera CLI on ${hostname()}`.slice(0, 100);

/**
 * Gives the key that the person who let us in has for us.
 * @throws CliError after Ctrl+C; ApiError when it was refused or nobody decided in time
 */
export async function keyByBrowser(invocation: Invocation): Promise<string> {
  const { io, output, settings } = invocation;
  const api = invocation.apiWith({});
  const begun = await api.call("beginCliLogin", { body: { client: clientName() } });
  const url = new URL(begun.approval_path, settings.apiUrl).href;
  return untilInterrupted(io, async (signal) => {
    output.line("Opening browser for authentication...");
    await openInBrowser(url, io.env);
    output.say(`If no browser opens, go to ${url}`);
    output.say(`The page must show this code: ${begun.code}`);
    output.line("Waiting for approval...");
    for (;;) {
      await pause(begun.interval_seconds * 1000, signal).catch(() => undefined);
      if (signal.aborted) throw new CliError("Nobody was signed in.", { exitCode: exitCodes.interrupted });
      const { key } = await api.call("redeemCliLogin", { body: { secret: begun.secret } });
      if (key !== null) return key;
    }
  });
}

/** Lets another command line in, or refuses it, from one that is signed in: for machines without a browser. */
export async function decide(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const api = invocation.api();
  // The last part of the address is as good: that is what a person has at hand.
  const path = { login_id: argument(invocation, 0).split("/").at(-1) ?? "" };
  const login = await api.call("getCliLogin", { path });
  if (isSet(invocation, "refuse")) {
    output.data(await api.call("denyCliLogin", { path }), { names: () => [login.id], table: () => "Refused.\n" });
    return exitCodes.ok;
  }
  if (!isSet(invocation, "yes")) {
    requireTerminal(io, "Letting a command line in", "--yes");
    if (!(await confirm(io, `Does '${login.client}' show the code ${login.code}, and shall it act as you?`))) {
      output.say("Nobody was let in.");
      return exitCodes.ok;
    }
  }
  const approved = await api.call("approveCliLogin", { path });
  output.data(approved, { names: () => [login.id], table: () => `'${login.client}' is let in.\n` });
  return exitCodes.ok;
}
