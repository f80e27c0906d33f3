import { expect, test } from "vitest";
import { fromContextFlags } from "../../../infra/cli/rehearse-copy/flags.ts";

const needed = ["--from-context", "prod", "--stack-file", "Pulumi.prod.yaml"];

test("what is not said has its default", () => {
  expect(fromContextFlags(needed)).toEqual({
    context: "prod",
    stackFile: "Pulumi.prod.yaml",
    speed: 10,
    name: "copy",
    isJson: false,
  });
});

test("strategies are played in the order in which they are named, each once", () => {
  const { strategies } = fromContextFlags([...needed, "--strategy", "recreate, blueGreen,recreate"]);
  expect(strategies).toEqual(["recreate", "blueGreen"]);
});

test.each([
  ["a strategy that there is not", [...needed, "--strategy", "canary,big-bang"], /--strategy has "big-bang"/],
  ["auto, which is not one by itself", [...needed, "--strategy", "auto"], /--strategy has "auto"/],
  ["no stack file", ["--from-context", "prod"], /--stack-file is missing/],
  ["no context", ["--from-context=", "--stack-file", "a.yaml"], /--from-context wants a context/],
  ["a word", ["up", ...needed], /--from-context takes no "up"/],
  ["a speed of nothing", [...needed, "--speed", "0"], /--speed "0"/],
  ["a name that is none", [...needed, "--name", "../x"], /--name/],
])("%s is refused", (_, args, message) => {
  expect(() => fromContextFlags(args)).toThrow(
    expect.objectContaining({ code: "CONFIG_USAGE", message: expect.stringMatching(message) }),
  );
});
