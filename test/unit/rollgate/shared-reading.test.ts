import { expect, test } from "vitest";
import { SharedReading } from "../../../infra/rollgate/shared-reading.ts";

test("who asks while a reading is under way gets that one; who asks later, or for something else, a new one", async () => {
  const shared = new SharedReading<string>();
  const begun: string[] = [];
  const read = (answer: string) => async () => {
    begun.push(answer);
    return answer;
  };
  const answers = await Promise.all([
    shared.join("a", read("first")),
    shared.join("a", read("not carried out")),
    shared.join("b", read("other")),
  ]);
  expect(answers).toEqual(["first", "first", "other"]);
  expect(await shared.join("a", read("later"))).toBe("later");
  expect(begun).toEqual(["first", "other", "later"]);
});

test("a reading that fails fails for all who joined it, and the next one is tried anew", async () => {
  const shared = new SharedReading<string>();
  const failing = () => Promise.reject(new Error("no answer"));
  const answers = await Promise.allSettled([shared.join("a", failing), shared.join("a", failing)]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await shared.join("a", async () => "there")).toBe("there");
});
