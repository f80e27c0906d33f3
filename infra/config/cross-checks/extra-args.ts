import type { CrossCheck, Finding } from "../cross-check.ts";
import { knownArguments, ownArguments, unsupportedArguments } from "../engine-arguments.ts";
import { stepInto } from "../problem.ts";
import type { StackConfig } from "../stack-config.ts";
import { editDistance } from "../suggest.ts";

const reads = ["engine.extraArgs"];

/** Rules about `engine.extraArgs`. Their messages never show an argument's value: it may be a secret. */
export const argumentChecks: readonly CrossCheck[] = [
  {
    name: "args-own",
    sentence: "`engine.extraArgs` does not repeat an argument that the stack sets, in full or shortened.",
    reads,
    find: ownRepeated,
  },
  {
    name: "args-unsupported",
    sentence:
      "`engine.extraArgs` has no argument that cannot work here, such as `--pp-size` or `--disaggregation-mode`.",
    reads,
    find: unsupported,
  },
  { name: "args-twice", sentence: "`engine.extraArgs` gives each argument once.", reads, find: givenTwice },
  {
    name: "args-misspelt",
    sentence: "`engine.extraArgs` has no near miss of a known argument; unknown ones are left to the image.",
    reads,
    find: misspelt,
  },
  {
    name: "args-chunk-size",
    sentence: "`--chunked-prefill-size` in `engine.extraArgs` is -1 or a multiple of 64.",
    reads,
    find: chunkSize,
  },
  {
    name: "args-workers-with-key",
    sentence: "`--tokenizer-worker-num` above 1 and `engine.apiKeySecret` exclude each other.",
    reads: [...reads, "engine.apiKeySecret"],
    find: workersWithKey,
  },
];

interface Argument {
  readonly path: string;
  readonly flag: string;
  /** Undefined for a flag without `=`. */
  readonly value: string | undefined;
}

function argumentsOf({ engine }: StackConfig): readonly Argument[] {
  return engine.extraArgs.map((text, index) => {
    const [flag = text] = text.split("=", 1);
    const value = flag === text ? undefined : text.slice(flag.length + 1);
    return { path: stepInto("engine.extraArgs", index), flag, value };
  });
}

/** Python's argparse takes any unambiguous beginning of a flag for the flag, and the last one wins. */
function ownRepeated(config: StackConfig): readonly Finding[] {
  return argumentsOf(config).flatMap(({ path, flag }) => {
    const names = Object.keys(ownArguments);
    const own = names.find((name) => name === flag) ?? names.find((name) => name.startsWith(flag));
    if (own === undefined) return [];
    const spelling = own === flag ? flag : `${flag}, which the server reads as ${own},`;
    return [{ path, message: `${spelling} is set by the stack.`, hint: `Remove it here. ${ownArguments[own]}` }];
  });
}

function unsupported(config: StackConfig): readonly Finding[] {
  return argumentsOf(config).flatMap(({ path, flag }) => {
    const reason = Object.hasOwn(unsupportedArguments, flag) ? unsupportedArguments[flag] : undefined;
    return reason === undefined
      ? []
      : [{ path, message: `${flag} cannot be used here: ${reason}.`, hint: "Remove it." }];
  });
}

function givenTwice(config: StackConfig): readonly Finding[] {
  const all = argumentsOf(config);
  return all.flatMap(({ path, flag }, index) => {
    const first = all.findIndex((other) => other.flag === flag);
    if (first === index) return [];
    const message = `${flag} is given in engine.extraArgs[${first}] too, and only the last one counts.`;
    return [{ path, message, hint: "Leave one of them out." }];
  });
}

/** Flags outside our list are let through: the image decides what exists. Only near misses are refused. */
function misspelt(config: StackConfig): readonly Finding[] {
  const allFlags = [...Object.keys(ownArguments), ...Object.keys(unsupportedArguments), ...knownArguments];
  return argumentsOf(config).flatMap(({ path, flag }) => {
    if (allFlags.includes(flag)) return [];
    const meant = allFlags.find((other) => editDistance(flag, other) <= 2);
    if (meant === undefined) return [];
    return [{ path, message: `${flag} is no argument of the server.`, hint: `Did you mean ${meant}?` }];
  });
}

/** Pages are 64 tokens with keye_sa. sglang keye-vl-v2-30b-release, srt/server_args.py, check_server_args. */
function chunkSize(config: StackConfig): readonly Finding[] {
  return argumentsOf(config)
    .filter(({ flag, value }) => flag === "--chunked-prefill-size" && value !== undefined && !isChunkSize(value))
    .map(({ path }) => ({
      path,
      message: "--chunked-prefill-size must be a multiple of 64, the page size, or -1 for no chunks.",
      hint: "The server's own choice on 80 GB GPUs is 8192.",
    }));
}

function isChunkSize(value: string): boolean {
  return value === "-1" || (/^[1-9]\d*$/.test(value) && Number(value) % 64 === 0);
}

function workersWithKey(config: StackConfig): readonly Finding[] {
  if (config.engine.apiKeySecret === undefined) return [];
  return argumentsOf(config)
    .filter(({ flag, value }) => flag === "--tokenizer-worker-num" && value !== undefined && value !== "1")
    .map(({ path }) => ({
      path,
      message: "the server supports no API key with more than one tokenizer worker, and engine.apiKeySecret is set.",
      hint: "Remove one of the two.",
    }));
}
