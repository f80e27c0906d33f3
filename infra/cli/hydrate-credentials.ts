import type { HubCredentials } from "../supply/hub/credentials.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Tokens and keys of the sources, from the variables that the sources' own tools read; `MODELSCOPE_TOKEN` is the name that a
 * Job's Secret uses. Empty ones count as absent.
 */
export function hubCredentials(env: Environment): HubCredentials {
  const huggingface = envValue(env, "HF_TOKEN");
  const modelscope = envValue(env, "MODELSCOPE_TOKEN") ?? envValue(env, "MODELSCOPE_API_TOKEN");
  const accessKeyId = envValue(env, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = envValue(env, "AWS_SECRET_ACCESS_KEY");
  const sessionToken = envValue(env, "AWS_SESSION_TOKEN");
  const s3 =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return {
    ...(huggingface === undefined ? {} : { huggingface }),
    ...(modelscope === undefined ? {} : { modelscope }),
    ...(s3 === undefined ? {} : { s3 }),
  };
}

const endpointVariables = {
  huggingface: ["HF_ENDPOINT"],
  modelscope: ["MODELSCOPE_ENDPOINT"],
  s3: ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
  http: [],
} as const;

/** Where a kind of source is reached, if the environment says so. */
export function endpointFrom(env: Environment, kind: keyof typeof endpointVariables): string | undefined {
  return endpointVariables[kind].map((name) => envValue(env, name)).find((value) => value !== undefined);
}

/** The region of S3 buckets, if the environment says so. */
export function regionFrom(env: Environment): string | undefined {
  return envValue(env, "AWS_REGION") ?? envValue(env, "AWS_DEFAULT_REGION");
}

/** Secrets made from files often end in a line's end, which no header may have. */
function envValue(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}
