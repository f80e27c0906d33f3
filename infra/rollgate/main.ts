#!/usr/bin/env node
import * as pulumi from "@pulumi/pulumi";
import { EngineLog } from "./engine-log.ts";
import { liveWorld } from "./live-world.ts";
import { RollgateProvider } from "./provider.ts";

const args = process.argv.slice(2);

// The engine appends its own address to whatever flags it passes.
const provider = new RollgateProvider(liveWorld(new EngineLog(args.at(-1) ?? ""), process.env.KUBECONFIG));

// The engine ends an idle plugin with SIGINT, and waits for it. One that promotes goes back to the stable revision first:
// the engine signals again once it has its answer.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (provider.calls === 0) process.exit(0);
    provider.cancelCalls("Cancelled.");
  });
}

// An engine that was killed cannot cancel, but its end of the pipe closes.
process.stdin.resume();
process.stdin.on("end", () => {
  provider.cancelCalls("The Pulumi engine has gone away.");
  void provider.whenIdle().then(() => process.exit(0));
});

await pulumi.provider.main(provider, args);
