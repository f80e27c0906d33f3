import { type ClusterConnection, connect } from "../cluster/connect.ts";
import type { StackConfig } from "../config/stack-config.ts";
import type { AppRef } from "../gate/ports.ts";
import type { CommandWorld } from "./command.ts";
import { usageError } from "./flags.ts";
import { onlyStackFile, readStackFile } from "./stack-file.ts";

/** The app that a command is about, and where its settings are, if it was named by them. */
export interface AppAim {
  readonly ref: AppRef;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly settings: { readonly stackFile: string; readonly config: StackConfig } | undefined;
}

/** The flags that name an app. */
export const appOptions = {
  "stack-file": { type: "string" },
  namespace: { type: "string" },
  app: { type: "string" },
  context: { type: "string" },
  kubeconfig: { type: "string" },
} as const;

type AppValues = { readonly [Flag in keyof typeof appOptions]?: string | undefined };

/** The lines of a help text for {@link appOptions}. */
export const appHelp = `  --stack-file FILE  settings, such as Pulumi.prod.yaml (default: the only Pulumi.<stack>.yaml here)
  --namespace NAME   with --app, in place of the settings: nothing but the cluster is read
  --app NAME         the stack's name, which is that of its live Service
  --context CONTEXT  context of the kubeconfig (default: the setting context, else the current one)
  --kubeconfig FILE  kubeconfig (default: KUBECONFIG, then ~/.kube/config, then the pod's own account)`;

/** Reads which app is meant. Throws `CONFIG_USAGE`, and what reading the settings throws. */
export function readAppAim(command: string, values: AppValues, world: CommandWorld): AppAim {
  const { namespace, app } = values;
  const kubeconfig = values.kubeconfig ?? (world.env.KUBECONFIG || undefined);
  if (namespace !== undefined || app !== undefined) {
    if (namespace === undefined || app === undefined) {
      throw usageError(command, "--namespace and --app name an app together; one of them is missing.");
    }
    if (values["stack-file"] !== undefined) {
      throw usageError(command, "--stack-file names the app by its settings, --namespace and --app without: give one.");
    }
    return { ref: { namespace, app, service: app }, context: values.context, kubeconfig, settings: undefined };
  }
  const stackFile = values["stack-file"] ?? onlyStackFile(command);
  const config = readStackFile(stackFile);
  return {
    ref: { namespace: config.namespace, app: config.name, service: config.name },
    context: values.context ?? config.context,
    kubeconfig,
    settings: { stackFile, config },
  };
}

/** Opens the cluster of an app for as long as `use` takes. */
export async function withCluster<T>(
  { context, kubeconfig }: AppAim,
  use: (connection: ClusterConnection) => Promise<T>,
): Promise<T> {
  const connection = connect({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}
