/** One engine, or one Service, that can be asked over HTTP. */
export interface ProbeTarget {
  /** Name in reports: a pod's name, or the base URL. */
  readonly name: string;
  /** Such as `http://127.0.0.1:40113`; paths are appended to it. No trailing slash needed. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`; appears in no report. */
  readonly apiKey?: string;
  readonly podUid?: string;
  /** `nvidia.com/gpu.product` of the node that it runs on, where known: it cannot tell this itself. */
  readonly gpuProduct?: string;
}
