import * as pulumi from "@pulumi/pulumi";

/** One resource as the program registered it with the engine. */
export interface RecordedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `type name` of the parent; undefined for the stack itself. */
  readonly parent: string | undefined;
  /** `type name` of each resource that it waits for by `dependsOn`, sorted. */
  readonly dependsOn: readonly string[];
  /** Name of its explicit provider. */
  readonly provider: string | undefined;
  readonly isProtected: boolean;
  readonly isKeptOnDelete: boolean;
  readonly ignoreChanges: readonly string[];
}

/** What stands in for the engine and its plugins. A function without an answer throws when it is called. */
export interface EngineAnswers {
  /** Answers of functions, by token. */
  readonly functions?: Readonly<Record<string, (args: unknown) => Record<string, unknown>>>;
  /** Outputs that a resource has beside its inputs, by type. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The value of an output once it is known. */
export function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** What the program did. */
export interface Recording {
  /**
   * Every resource, once all are registered, sorted by type and name: the order of registration is not that of the source.
   */
  resources(): Promise<readonly RecordedResource[]>;
  /** The outputs that a component registered at the end of its constructor, by `type name`. */
  readonly componentOutputs: ReadonlyMap<string, unknown>;
}

/** A cluster with room for every rollout and nothing of earlier ones, unless a test says otherwise. */
const roomy: EngineAnswers["functions"] = {
  "rollgate:index:inspectRevisions": () => ({ promoted: [], groups: [] }),
  "rollgate:index:planHeadroom": () => ({
    lines: ["16 GPUs are free."],
    choice: "blueGreen",
    because: "there is room",
    refusals: {},
    isReplacing: false,
  }),
};

/** Starts recording. One recording at a time. */
export async function recordResources(answers: EngineAnswers = {}): Promise<Recording> {
  const recorded: RecordedResource[] = [];
  const componentOutputs = new Map<string, unknown>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `${name}-id`,
        state: { ...inputs, ...answers.outputs?.[type] },
      }),
      call: ({ token, inputs }) => {
        const answer = { ...roomy, ...answers.functions }[token];
        if (answer === undefined) throw new Error(`no answer is given for the function ${token}`);
        return answer(inputs);
      },
    },
    "keye-stack",
    "test",
  );
  // The mock monitor that was set above; the SDK's own type of it is that of a whole gRPC client.
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  // The mocks above are not told of options, so the requests themselves are read.
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    recorded.push(read(request));
    return register(request, ...rest);
  };
  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, ...rest) => {
    componentOutputs.set(shortName(request.getUrn()), request.getOutputs()?.toJavaScript());
    return registerOutputs(request, ...rest);
  };
  return {
    componentOutputs,
    async resources() {
      await pulumi.runtime.disconnect();
      return recorded.toSorted((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
    },
  };
}

/** The part of the SDK's untyped client that is used here. */
interface Monitor {
  registerResource(request: RegisterRequest, ...rest: unknown[]): unknown;
  registerResourceOutputs(request: OutputsRequest, ...rest: unknown[]): unknown;
}

interface Struct {
  toJavaScript(): Record<string, unknown>;
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): Struct | undefined;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getProvider(): string;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
  getObject(): Struct;
}

function read(request: RegisterRequest): RecordedResource {
  const provider = request.getProvider();
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: request.getObject().toJavaScript(),
    parent: request.getParent() === "" ? undefined : shortName(request.getParent()),
    dependsOn: request.getDependenciesList().map(shortName).sort(),
    provider: provider === "" ? undefined : shortName(provider.slice(0, provider.lastIndexOf("::"))).split(" ")[1],
    isProtected: request.getProtect(),
    isKeptOnDelete: request.getRetainondelete(),
    ignoreChanges: request.getIgnorechangesList(),
  };
}

/** `kubernetes:core/v1:Service keye` from a URN: the last part of its type chain, and its name. */
function shortName(urn: string): string {
  const [, , chain = "", name = ""] = urn.split("::");
  return `${chain.slice(chain.lastIndexOf("$") + 1)} ${name}`;
}
