#!/usr/bin/env node
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readContract } from "../infra/config/contracts/read-contract.ts";
import { keyeContract } from "../infra/config/contracts/shipped.ts";
import { textOf } from "../infra/core/errors.ts";
import { type MadeContract, makeContract, type Unread } from "./arguments-contract/make-contract.ts";
import { readServerArgs } from "./arguments-contract/read-server-args.ts";

const usage = `Makes the contract of an SGLang image out of its server_args.py, for engine.argumentsContract.

  node scripts/arguments-contract.ts [--name NAME] [--source TEXT] [--rules] FILE > contract.json

FILE is python/sglang/srt/server_args.py of the source, or sglang/srt/server_args.py of the package. Nothing of it is run.
Leave it in its folder: lists of choices are read from the files beside it.

  --name NAME    what the contract is called in messages (default sglang)
  --source TEXT  where the file comes from (default its sha256)
  --rules        takes over those rules of the Keye branch that are about arguments which this server has

Standard error says how many arguments there are, and what could not be read and is therefore not checked.
Exit code 0: made; 1: it is no contract; 2: bad usage; 4: FILE or python3 cannot be used.
`;

interface Order {
  readonly file: string;
  readonly name: string;
  readonly source: string | undefined;
  readonly withRules: boolean;
}

/** What is asked for, or undefined where that cannot be told. */
function readOrder(words: readonly string[]): Order | "help" | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: {
        name: { type: "string", default: "sglang" },
        source: { type: "string" },
        rules: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
      allowPositionals: true,
    });
    const [file, ...others] = positionals;
    if (values.help) return "help";
    if (file === undefined || others.length > 0) return undefined;
    return { file, name: values.name, source: values.source, withRules: values.rules };
  } catch (error) {
    console.error(textOf(error));
    return undefined;
  }
}

async function main(words: readonly string[]): Promise<number> {
  const order = readOrder(words);
  if (order === "help" || order === undefined) {
    (order === "help" ? process.stdout : process.stderr).write(usage);
    return order === "help" ? 0 : 2;
  }
  return make(order);
}

async function make({ file, name, source, withRules }: Order): Promise<number> {
  let made: MadeContract;
  let unread: readonly Unread[];
  try {
    const read = await readServerArgs(file);
    const from = source ?? `server_args.py, sha256 ${sha256(file)}`;
    made = makeContract(read, { name, source: from, rules: withRules ? keyeContract.rules : [] });
    unread = read.unread;
  } catch (error) {
    console.error(textOf(error));
    return 4;
  }
  const text = `${JSON.stringify(made.contract, null, 2)}\n`;
  const checked = readContract(text);
  if (checked.kind === "fault") {
    console.error(`${file} gives no contract: ${checked.fault}`);
    return 1;
  }
  process.stdout.write(text);
  report(made, unread);
  return 0;
}

function report({ contract, leftOut }: MadeContract, unread: readonly Unread[]): void {
  console.error(`${contract.flags.length} arguments, ${contract.rules.length} rules`);
  for (const { flag, what, reason } of unread) console.error(`not read: ${flag ?? "an argument"}: ${what}: ${reason}`);
  for (const { name, flag } of leftOut) console.error(`rule left out: ${name}: no ${flag}, or none that it goes with`);
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

process.exitCode = await main(process.argv.slice(2));
