import type { Clock } from "../../core/clock.ts";
import { type Patience, usualPatience } from "./ask.ts";
import type { HubCredentials } from "./credentials.ts";
import { httpFolder } from "./http-folder.ts";
import type { Hub } from "./hub.ts";
import { huggingFaceHub } from "./huggingface.ts";
import { modelScopeHub } from "./modelscope.ts";
import { s3Hub } from "./s3.ts";
import { type Source, sourceText } from "./source.ts";

/** How a source is reached. */
export interface HubOptions {
  readonly credentials: HubCredentials;
  /** Another hub or store than the public one, such as a mirror. */
  readonly endpoint?: string;
  /** Of an S3 bucket. @default us-east-1 */
  readonly region?: string;
  readonly clock: Clock;
  /** @default {@link usualPatience} */
  readonly patience?: Patience;
  /** Told of each question that brought no answer and is asked again. */
  readonly onNote?: (text: string) => void;
}

/** The hub of a source. Asks nothing yet. */
export function openHub(
  source: Source,
  { credentials, endpoint, region = "us-east-1", clock, patience, onNote }: HubOptions,
): Hub {
  const asking = { clock, patience: patience ?? usualPatience, where: sourceText(source), ...(onNote && { onNote }) };
  const at = endpoint?.replace(/\/+$/, "");
  switch (source.kind) {
    case "huggingface": {
      const hub = { repo: source.repo, endpoint: at ?? "https://huggingface.co", token: credentials.huggingface };
      return huggingFaceHub({ ...hub, asking });
    }
    case "modelscope": {
      const hub = { repo: source.repo, endpoint: at ?? "https://www.modelscope.cn", token: credentials.modelscope };
      return modelScopeHub({ ...hub, asking });
    }
    case "s3": {
      const store = { endpoint: at ?? `https://s3.${region}.amazonaws.com`, region, keys: credentials.s3 };
      return s3Hub({ bucket: source.bucket, prefix: source.prefix, ...store, asking });
    }
    case "http":
      return httpFolder({ url: source.url, asking });
    default:
      return source satisfies never;
  }
}
