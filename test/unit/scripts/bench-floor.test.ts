import { describe, expect, test } from "vitest";
import { type EngineAnswer, floorOf } from "../../../scripts/bench/floor.ts";
import { costOf } from "../../../scripts/bench/probe-row.ts";

function answer(received: number, answered: number, engine = "a"): EngineAnswer {
  return { engine, received, answered, requestBytes: 10, answerBytes: 100 };
}

describe("the floor of a run of probes", () => {
  test.each<{ name: string; answers: readonly EngineAnswer[]; floor: number }>([
    { name: "is nothing where nothing was asked", answers: [], floor: 0 },
    { name: "is the sum of answers one after another", answers: [answer(0, 30), answer(35, 45)], floor: 40 },
    { name: "is the longest of those side by side", answers: [answer(0, 30), answer(1, 90), answer(2, 40)], floor: 89 },
    {
      name: "follows the heavier of two lanes, not the longer list",
      answers: [answer(0, 10), answer(11, 20), answer(21, 30), answer(0, 100)],
      floor: 100,
    },
    {
      name: "crosses from lane to lane where a request waited for another lane's answer",
      answers: [answer(0, 50), answer(0, 10), answer(11, 20), answer(50, 60)],
      floor: 60,
    },
    { name: "does not count a time twice", answers: [answer(0, 50), answer(49, 99)], floor: 50 },
    { name: "does not depend on the order of the list", answers: [answer(35, 45), answer(0, 30)], floor: 40 },
  ])("$name", ({ answers, floor }) => {
    expect(floorOf(answers)).toBe(floor);
  });

  test("of several engines is that of the slowest one, while requests and bytes are added up", () => {
    const answers = [answer(0, 10, "a"), answer(20, 30, "b"), answer(40, 55, "b")];
    expect(costOf(70, answers)).toEqual({ wall: 70, floor: 25, requests: 3, requestBytes: 30, answerBytes: 300 });
  });
});
