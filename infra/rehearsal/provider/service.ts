import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  ConstructRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  InvokeRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type { Autonaming, CheckFailure } from "./check.ts";
import type { PropertyChange } from "./diff.ts";
import type { GrpcEngineLog } from "./engine-log.ts";
import { unsupported } from "./kind.ts";
import type { KubernetesProvider } from "./provider.ts";
import { movedSettings, settingsProblems } from "./provider-settings.ts";
import { fromStruct, toStruct, unary } from "./wire.ts";

/** The version of the SDK and official plugin whose program we serve: the engine refuses an older plugin. */
const servedVersion = "4.34.2";

/** The engine's calls, translated to and from {@link KubernetesProvider}. */
export function serviceOf(provider: KubernetesProvider, log: GrpcEngineLog): UntypedServiceImplementation {
  return {
    handshake: unary((request: InstanceType<typeof messages.ProviderHandshakeRequest>) => {
      log.attach(request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    attach: unary((request: InstanceType<typeof pluginMessages.PluginAttach>) => {
      log.attach(request.getAddress());
      return new emptyMessages.Empty();
    }),
    getPluginInfo: unary(() => {
      const response = new pluginMessages.PluginInfo();
      response.setVersion(servedVersion);
      return response;
    }),
    checkConfig: unary((request: CheckRequest) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      response.setFailuresList(settingsProblems(fromStruct(request.getNews())).map(toFailure));
      return response;
    }),
    diffConfig: unary(diffConfig),
    configure: unary(async (request: ConfigureRequest) => {
      await provider.configure(fromStruct(request.getArgs()));
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    invoke: unary((request: InvokeRequest) => provider.invoke(request.getTok())),
    construct: unary((request: ConstructRequest) => {
      throw unsupported(request.getType(), "Components of the package run inside the official provider.");
    }),
    ...resourceCalls(provider),
    cancel: unary(() => {
      provider.cancel();
      return new emptyMessages.Empty();
    }),
  };
}

function resourceCalls(provider: KubernetesProvider): UntypedServiceImplementation {
  return {
    check: unary(async (request: CheckRequest) => {
      const { inputs, failures } = await provider.check({
        urn: request.getUrn(),
        olds: request.hasOlds() ? fromStruct(request.getOlds()) : undefined,
        news: fromStruct(request.getNews()),
        randomSeed: request.getRandomseed_asU8(),
        autonaming: autonamingOf(request),
      });
      const response = new messages.CheckResponse();
      response.setInputs(toStruct(inputs));
      response.setFailuresList(failures.map(toFailure));
      return response;
    }),
    diff: unary(async (request: DiffRequest) => {
      const diff = await provider.diff({
        urn: request.getUrn(),
        oldInputs: fromStruct(request.getOldInputs()),
        oldOutputs: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        ignoreChanges: request.getIgnorechangesList(),
      });
      const response = new messages.DiffResponse();
      const hasChanges = diff.changes.size > 0;
      response.setChanges(messages.DiffResponse.DiffChanges[hasChanges ? "DIFF_SOME" : "DIFF_NONE"]);
      response.setHasdetaileddiff(true);
      response.setDeletebeforereplace(diff.deleteBeforeReplace);
      for (const [path, change] of diff.changes) {
        response.getDetaileddiffMap().set(path, toPropertyDiff(change));
        if (change.isReplacement) response.addReplaces(path);
      }
      return response;
    }),
    create: unary(async (request: CreateRequest) => {
      const created = await provider.create({
        urn: request.getUrn(),
        inputs: fromStruct(request.getProperties()),
        timeout: request.getTimeout(),
        isPreview: request.getPreview(),
      });
      const response = new messages.CreateResponse();
      response.setId(created.id);
      response.setProperties(toStruct(created.outputs));
      return response;
    }),
    read: unary(async (request: ReadRequest) => {
      const read = await provider.read({
        urn: request.getUrn(),
        id: request.getId(),
        inputs: fromStruct(request.getInputs()),
        outputs: fromStruct(request.getProperties()),
      });
      const response = new messages.ReadResponse();
      if (read === undefined) return response;
      response.setId(read.id);
      response.setProperties(toStruct(read.outputs));
      response.setInputs(toStruct(read.inputs));
      return response;
    }),
    update: unary(async (request: UpdateRequest) => {
      const updated = await provider.update({
        urn: request.getUrn(),
        id: request.getId(),
        inputs: fromStruct(request.getNews()),
        olds: fromStruct(request.getOlds()),
        ignoreChanges: request.getIgnorechangesList(),
        timeout: request.getTimeout(),
        isPreview: request.getPreview(),
      });
      const response = new messages.UpdateResponse();
      response.setProperties(toStruct(updated.outputs));
      return response;
    }),
    delete: unary(async (request: DeleteRequest) => {
      await provider.delete({
        urn: request.getUrn(),
        id: request.getId(),
        outputs: fromStruct(request.getProperties()),
        timeout: request.getTimeout(),
      });
      return new emptyMessages.Empty();
    }),
  };
}

function diffConfig(request: DiffRequest) {
  const moved = movedSettings(fromStruct(request.getOldInputs()), fromStruct(request.getNews()));
  const response = new messages.DiffResponse();
  const hasChanges =
    JSON.stringify(fromStruct(request.getOldInputs())) !== JSON.stringify(fromStruct(request.getNews()));
  response.setChanges(messages.DiffResponse.DiffChanges[hasChanges ? "DIFF_SOME" : "DIFF_NONE"]);
  response.setReplacesList([...moved]);
  return response;
}

function toFailure(failure: CheckFailure) {
  const message = new messages.CheckFailure();
  message.setProperty(failure.path);
  message.setReason(failure.reason);
  return message;
}

function toPropertyDiff(change: PropertyChange) {
  const message = new messages.PropertyDiff();
  const kind = { add: "ADD", delete: "DELETE", update: "UPDATE" } as const;
  const name = kind[change.kind];
  message.setKind(messages.PropertyDiff.Kind[change.isReplacement ? (`${name}_REPLACE` as const) : name]);
  message.setInputdiff(true);
  return message;
}

function autonamingOf(request: CheckRequest): Autonaming | undefined {
  const options = request.getAutonaming();
  if (options === undefined) return undefined;
  const { ENFORCE, DISABLE } = messages.CheckRequest.AutonamingOptions.Mode;
  const mode = options.getMode();
  return {
    mode: mode === DISABLE ? "disable" : mode === ENFORCE ? "enforce" : "propose",
    proposedName: options.getProposedName(),
  };
}
