# The worker, and every other command of `daybook`: compiled code, its prebuilt workflow bundle, production packages. About
# 0.5 GB. Debian, because Temporal's native core needs glibc: it does not start on Alpine.

# Compiles, and bundles the workflows. Install scripts are not needed by any package.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY bin bin
COPY src src
COPY activities activities
COPY workflows workflows
RUN node bin/build.js

# Only what the compiled program imports: no embedded engine, no compiler.
FROM node:24-bookworm-slim AS packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev

FROM node:24-bookworm-slim
# Temporal's core trusts the system's certificates, which the slim image lacks.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production LOG_FORMAT=json DAYBOOK_PROJECT=/project
WORKDIR /daybook
COPY LICENSE ./
COPY --from=packages /build/node_modules node_modules
COPY --from=build /build/dist ./
USER node
# node itself, without a shell or npm in between: they would swallow SIGTERM, and steps would be cut off instead of ending.
ENTRYPOINT ["node", "bin/daybook.js"]
CMD ["worker"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 CMD ["node", "bin/daybook.js", "health"]
