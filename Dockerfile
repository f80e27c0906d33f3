# The command `keye` as an image: what Jobs in the cluster run. Only what it needs is in it.
#   docker build -t registry.example/keye/keye-stack .
# Give the base by digest for a build that can be repeated: --build-arg NODE_IMAGE=node@sha256:…
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY charts ./charts
COPY infra ./infra
# Node runs the TypeScript by itself. It does so nowhere below node_modules: the project is copied, not installed.
RUN chmod 755 infra/cli/main.ts && ln -s /app/infra/cli/main.ts /usr/local/bin/keye
# By number: the kubelet refuses a name under runAsNonRoot.
USER 1000:1000
WORKDIR /tmp
# As PID 1 it still hears SIGTERM: the command has a handler of its own.
ENTRYPOINT ["keye"]
