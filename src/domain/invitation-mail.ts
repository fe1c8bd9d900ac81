/** The words of the mail that invites somebody. */

export interface InvitationFacts {
  organization: string;
  inviter: string;
  role: string;
  /** Leads to the page that takes the invitation; holds its token. */
  link: string;
  expiresAt: Date;
}

export interface MailText {
  subject: string;
  text: string;
  html: string;
}

/** Names are whatever people typed: one line of a header, and text within HTML. */
export function invitationMail({ organization, inviter, role, link, expiresAt }: InvitationFacts): MailText {
  const [where, who] = [oneLine(organization), oneLine(inviter)];
  const until = `${expiresAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const what = `${who} invites you to ${where} on Onvera as ${role}.`;
  const once = `The link works once, until ${until}. If you do not expect this, leave it alone: nothing happens without it.`;
  return {
    subject: `Invitation to ${where} on Onvera`,
    text: `${what}\n\n${link}\n\n${once}\n`,
    html: `<p>${escapeHtml(what)}</p><p><a href="${escapeHtml(link)}">Join ${escapeHtml(where)}</a></p><p>${escapeHtml(once)}</p>`,
  };
}

/** Without line breaks, control characters and what turns the direction of text around; at most 100 characters. */
const oneLine = (text: string): string =>
  [...text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim()].slice(0, 100).join("");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
