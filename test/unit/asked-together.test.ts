import { expect, test } from "vitest";
import { askedTogether } from "../../src/server/asked-together.ts";

const counted = () => {
  const asked: string[] = [];
  const ask = askedTogether(
    (question: string) => question,
    async (_server: object, question: string) => {
      asked.push(question);
      return `${question} ${asked.length}`;
    },
  );
  return { ask, asked };
};

test("readers of one stream who wake together put their question once (P7)", async () => {
  const { ask, asked } = counted();
  const server = {};
  const answers = await Promise.all([ask(server, "log"), ask(server, "log"), ask(server, "other"), ask({}, "log")]);
  expect(asked).toEqual(["log", "other", "log"]);
  expect(answers.slice(0, 2)).toEqual(["log 1", "log 1"]);
});

test("who asks while an answer is under way gets a newer one, never one older than the question (NH-08)", async () => {
  const server = {};
  const late: Promise<number>[] = [];
  let asked = 0;
  const ask = askedTogether(
    (question: string) => question,
    async (_server: object, question: string): Promise<number> => {
      asked += 1;
      if (asked === 1) late.push(ask(server, question));
      return asked;
    },
  );
  expect(await ask(server, "log")).toBe(1);
  expect(await late[0]).toBe(2);
});

test("a question that fails fails for all who asked it, and is put again by the next", async () => {
  let fail = true;
  const ask = askedTogether(
    (question: string) => question,
    async (_server: object, question: string) => {
      if (fail) throw new Error("No answer.");
      return question;
    },
  );
  const server = {};
  const ends = await Promise.allSettled([ask(server, "log"), ask(server, "log")]);
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  fail = false;
  expect(await ask(server, "log")).toBe("log");
});
