/** A span of time in seconds. */
export type Seconds = number;

/** A span of time in milliseconds. */
export type Milliseconds = number;

/** A moment: milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** A size in bytes. */
export type Bytes = number;
