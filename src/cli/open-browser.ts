/** Opens an address in the person's browser. */
import { spawn } from "node:child_process";

/**
 * @param url http or https; anything else is refused, because the opener would run it
 * @returns whether a browser was started
 */
export function openInBrowser(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Promise<boolean> {
  const { protocol, href } = new URL(url);
  const hasScreen =
    platform === "darwin" || platform === "win32" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.BROWSER);
  if (!hasScreen || (protocol !== "http:" && protocol !== "https:")) return Promise.resolve(false);
  const [command, args] = opener(platform, env);
  return new Promise((resolve) => {
    const child = spawn(command, [...args, href], { detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

function opener(platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): [string, string[]] {
  if (env.BROWSER) return [env.BROWSER, []];
  if (platform === "darwin") return ["open", []];
  if (platform === "win32") return ["rundll32", ["url.dll,FileProtocolHandler"]];
  return ["xdg-open", []];
}
