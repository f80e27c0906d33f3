#!/usr/bin/env node
import { parseArgs } from "node:util";
import { textOf } from "../infra/core/errors.ts";
import {
  breaches,
  type ContractAnswer,
  type ContractRequest,
  type ContractRow,
  factsFrom,
  type ServerFacts,
} from "../test/contract/contract.ts";
import { contract } from "../test/contract/table.ts";

const usage = `Holds a running server against everything that this project relies on.

  node scripts/contract.ts --base-url http://127.0.0.1:30000 [--disposable]

KEYE_CONTRACT_BASE_URL is used where --base-url is not given, KEYE_CONTRACT_API_KEY is sent where it is set.
--disposable also sends the requests after which the server's drain never ends.
Exit code 0: all hold; 1: one does not; 2: bad usage; 4: the server cannot be asked.
`;

/** A first picture may compile kernels. */
const timeout = 120_000;

const { values } = parseArgs({
  options: { "base-url": { type: "string" }, disposable: { type: "boolean" }, help: { type: "boolean", short: "h" } },
});
const baseUrl = values["base-url"] ?? process.env.KEYE_CONTRACT_BASE_URL;
if (values.help === true || baseUrl === undefined || !URL.canParse(baseUrl)) {
  (values.help === true ? process.stdout : process.stderr).write(usage);
  process.exit(values.help === true ? 0 : 2);
}
process.exitCode = await main(baseUrl, values.disposable === true);

async function main(base: string, isDisposable: boolean): Promise<number> {
  let facts: ServerFacts;
  try {
    facts = factsFrom(await ask(base, { path: "/v1/models" }));
  } catch (error) {
    console.error(`${base} cannot be asked: ${textOf(error)}`);
    return 4;
  }
  console.log(`${base} serves ${facts.model}, ${facts.contextLength} tokens of context\n`);
  const rows = contract.filter(({ poisons }) => isDisposable || poisons !== true);
  let broken = 0;
  for (const row of rows) {
    const found = await breachesOf(base, row, facts);
    if (found.length > 0) broken++;
    console.log(`${found.length === 0 ? "holds " : "BROKEN"} ${row.name}`);
    for (const breach of found) console.log(`         ${breach}`);
  }
  const left = contract.length - rows.length;
  const leftOut = left === 0 ? "" : `; ${left} left out, which only a --disposable server is asked`;
  console.log(`\n${rows.length - broken} of ${rows.length} hold${leftOut}`);
  return broken === 0 ? 0 : 1;
}

async function breachesOf(base: string, row: ContractRow, facts: ServerFacts): Promise<readonly string[]> {
  try {
    return breaches(row, await ask(base, row.request(facts)), facts);
  } catch (error) {
    return [`no answer: ${textOf(error)}`];
  }
}

async function ask(base: string, { path, method = "GET", body, headers }: ContractRequest): Promise<ContractAnswer> {
  const started = performance.now();
  const key = process.env.KEYE_CONTRACT_API_KEY;
  const response = await fetch(new URL(path, base), {
    method,
    headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    signal: AbortSignal.timeout(timeout),
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const tookMs = performance.now() - started;
  return { status: response.status, headers: Object.fromEntries(response.headers), body: text, tookMs };
}
