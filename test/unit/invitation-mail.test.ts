/** The mail that invites: names are whatever somebody typed (issue 6, R11). */
import { describe, expect, it } from "vitest";
import { invitationMail } from "../../src/domain/invitation-mail.ts";
import { mailSettings } from "../../src/main/mail-settings.ts";

const facts = {
  organization: "Acme",
  inviter: "Ann",
  role: "developer",
  link: "https://onvera.acme.test/join#onv_inv_x",
  expiresAt: new Date("2030-01-02T03:04:05Z"),
};

describe("the mail of an invitation", () => {
  it("says who invites where as what, until when, with the link in text and html", () => {
    const mail = invitationMail(facts);
    expect(mail.subject).toBe("Invitation to Acme on Onvera");
    for (const body of [mail.text, mail.html]) {
      expect(body).toContain("Ann invites you to Acme on Onvera as developer.");
      expect(body).toContain(facts.link);
      expect(body).toContain("2030-01-02 03:04 UTC");
    }
  });

  it("a hostile name adds no header, no line and no tag (R11)", () => {
    const hostile = `Evil\r\nBcc: all@acme.test\u2028\u202e<script>alert("x")</script>${"x".repeat(500)}`;
    const mail = invitationMail({ ...facts, organization: hostile, inviter: hostile });
    expect(mail.subject).not.toMatch(/[\r\n\u2028\u202e]/);
    expect(mail.subject.length).toBeLessThan(150);
    expect(mail.html).not.toContain("<script>");
    expect(mail.html).toContain("&lt;script&gt;alert(&quot;x&quot;)");
  });
});

describe("the settings of mail", () => {
  const good = {
    ONVERA_SMTP_URL: "smtp://u:p@mail.test",
    ONVERA_SMTP_FROM: "Onvera <o@acme.test>",
    ONVERA_PUBLIC_URL: "https://onvera.acme.test/",
  };

  it("are none, or whole; a wrong one keeps the server from starting and shows no password", () => {
    expect(mailSettings({})).toBeUndefined();
    expect(mailSettings(good)).toMatchObject({ dashboardUrl: "https://onvera.acme.test" });
    for (const wrong of [
      { ONVERA_SMTP_URL: "mail.test:secret" },
      { ONVERA_SMTP_FROM: "" },
      { ONVERA_SMTP_FROM: "a@b\r\nBcc: c@d" },
      { ONVERA_PUBLIC_URL: undefined },
    ]) {
      expect(() => mailSettings({ ...good, ...wrong })).toThrow();
    }
    try {
      mailSettings({ ...good, ONVERA_SMTP_URL: "http://u:secret@mail.test" });
    } catch (error) {
      expect(JSON.stringify(error)).not.toContain("secret");
    }
  });
});
