/** Keys of an S3-compatible store. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys. */
  readonly sessionToken?: string;
}

/** What proves who asks. Comes from the environment, is sent to the source's own origin and nowhere else. */
export interface HubCredentials {
  readonly huggingface?: string;
  readonly modelscope?: string;
  readonly s3?: S3Keys;
}
