/** How this installation sends mail, out of its environment. */
import { SetupError } from "../domain/setup-error.ts";
import type { MailSettings } from "../server/mail/transport.ts";

const TIMEOUT_MILLISECONDS = 20_000;

/**
 * @returns undefined where no SMTP server is named: links are shown instead
 * @throws SetupError `setting-invalid`, rather than invite people by mails that cannot be sent or lead nowhere
 */
export function mailSettings(env: NodeJS.ProcessEnv): MailSettings | undefined {
  const { ONVERA_SMTP_URL: url = "", ONVERA_SMTP_FROM: from = "", ONVERA_PUBLIC_URL: dashboard = "" } = env;
  if (url === "") return undefined;
  if (!URL.canParse(url) || !/^smtps?:$/.test(new URL(url).protocol)) {
    // Without the value, which may hold a password.
    throw invalid("ONVERA_SMTP_URL is no SMTP address", "it begins with smtp:// or smtps://.");
  }
  if (!/^[^\r\n]*@[^\r\n]+$/.test(from)) {
    throw invalid(`ONVERA_SMTP_FROM is '${from}'`, "mails need an address they come from.");
  }
  if (!URL.canParse(dashboard) || !/^https?:$/.test(new URL(dashboard).protocol)) {
    throw invalid(
      `ONVERA_PUBLIC_URL is '${dashboard}'`,
      "links in mails need the address people reach the dashboard at.",
    );
  }
  return { url, from, dashboardUrl: dashboard.replace(/\/+$/, ""), timeoutMilliseconds: TIMEOUT_MILLISECONDS };
}

const invalid = (what: string, why: string) =>
  new SetupError("setting-invalid", {
    what,
    why,
    nextStep: "Set ONVERA_SMTP_URL, ONVERA_SMTP_FROM and ONVERA_PUBLIC_URL, or none of them.",
  });
