/** `onvera url` and `onvera open`: where a deployment answers. */
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { deploymentId } from "../find-deployment.ts";
import { argument, type Invocation } from "../invocation.ts";
import { openInBrowser } from "../open-browser.ts";

/** Prints the address and nothing else. */
export async function show(invocation: Invocation): Promise<undefined> {
  const { id, url } = await addressOf(invocation);
  invocation.output.data({ id, url }, { names: () => [url], table: () => `${url}\n` });
  return undefined;
}

/** Opens it in the browser, signed in as whoever is signed in to the dashboard there; where there is none, the address is printed to paste by hand. */
export async function open(invocation: Invocation): Promise<undefined> {
  const { signInUrl: url } = await addressOf(invocation);
  const opened = await openInBrowser(url, invocation.io.env);
  invocation.output.say(opened ? `Opening ${url}` : "There is no browser here; the address is:");
  if (!opened) invocation.io.out(`${url}\n`);
  return undefined;
}

async function addressOf(invocation: Invocation): Promise<{ id: string; url: string; signInUrl: string }> {
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const { url, sign_in_url: signInUrl, status } = await api.call("getDeployment", { path: { deployment_id: id } });
  if (url === null) {
    throw new CliError(`Deployment ${id} has no address: it is ${status}.`, {
      exitCode: exitCodes.conflict,
      nextSteps: [`See what it does: onvera get ${id}`],
    });
  }
  return { id, url, signInUrl: signInUrl ?? url };
}
