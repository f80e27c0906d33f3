import { Server, ServerCredentials } from "@grpc/grpc-js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { systemClock } from "../../cluster/system-clock.ts";
import { connect } from "./connection.ts";
import { GrpcEngineLog } from "./engine-log.ts";
import type { JsonObject } from "./json.ts";
import { KubernetesProvider } from "./provider.ts";
import { serviceOf } from "./service.ts";

/** Bytes: the engine's own limit. */
const longestMessage = 400 * 1024 * 1024;
const orphanCheckMs = 2_000;

/** Settings that the environment gives where the program makes no provider resource of its own. */
const environmentSettings = {
  PULUMI_K8S_SKIP_UPDATE_UNREACHABLE: "skipUpdateUnreachable",
  PULUMI_K8S_DELETE_UNREACHABLE: "deleteUnreachable",
  PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY: "enableServerSideApply",
  PULUMI_K8S_ENABLE_PATCH_FORCE: "enablePatchForce",
  PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "enableConfigMapMutable",
  PULUMI_K8S_ENABLE_SECRET_MUTABLE: "enableSecretMutable",
  PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "upsertExistingObjects",
} as const;

function settingsFromEnvironment(): JsonObject {
  const entries = Object.entries(environmentSettings).flatMap(([variable, key]) => {
    const value = process.env[variable];
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Serves the engine that started this process until it ends us, or is gone itself. */
async function main(): Promise<void> {
  const log = new GrpcEngineLog();
  const provider = new KubernetesProvider({
    clock: systemClock,
    log,
    connect: (settings, signal) => connect(settings, systemClock, signal),
    defaults: settingsFromEnvironment(),
  });
  const server = new Server({
    "grpc.max_receive_message_length": longestMessage,
    "grpc.max_send_message_length": longestMessage,
  });
  server.addService(providerServices.ResourceProviderService, serviceOf(provider, log));
  const stop = () => {
    provider.close();
    log.close();
    server.forceShutdown();
    process.exit(0);
  };
  // The engine gives a plugin its own process group and ends it with SIGINT; a person's Ctrl-C comes as a Cancel call.
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) stop();
  }, orphanCheckMs).unref();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  // The engine reads the port from the first line. If it is gone by now, the broken pipe ends this process.
  process.stdout.write(`${port}\n`);
}

await main();
