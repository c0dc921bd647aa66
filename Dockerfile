# sluice: the sidecar (default target) and its tools (--target tools: command line and load test).
#
#   docker build -t sluice:dev .
#   docker build -t sluice-tools:dev --target tools .
#
# One file for amd64 and arm64. The sidecar's image holds Node, the libraries that it loads, and one bundle: no shell, no
# package manager, no node_modules. For the same content from the same commit, build with SOURCE_DATE_EPOCH set to the
# commit's time (buildah: --timestamp).

FROM node:26-bookworm-slim AS source
WORKDIR /sluice
COPY package.json package-lock.json .npmrc ./
# npm ci takes what the lock file names and nothing else. The platform packages of Node itself are optional: the base has one.
RUN npm ci --no-audit --no-fund --loglevel=error
COPY . .

FROM source AS build
RUN node scripts/build.ts
# Node and every library that its loader names, at the paths at which it looks for them.
RUN mkdir -p /rootfs/usr/local/bin /rootfs/sluice /rootfs/etc /rootfs/tmp /rootfs/run/sluice \
 && cp /usr/local/bin/node /rootfs/usr/local/bin/node \
 && ldd /usr/local/bin/node | grep -o '/[^ )]*' | sort -u | while read -r library; do cp -L --parents "$library" /rootfs; done \
 && cp dist/sluice.js /rootfs/sluice/sluice.js \
 && cp package.json LICENSE /rootfs/sluice/ \
 && printf 'sluice:x:65532:65532:sluice:/:/none\n' > /rootfs/etc/passwd \
 && printf 'sluice:x:65532:\n' > /rootfs/etc/group \
 && chown 65532:65532 /rootfs/run/sluice && chmod 1777 /rootfs/tmp

FROM node:26-bookworm-slim AS tools
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sluice-tools" \
      org.opencontainers.image.description="The command line and the load test of sluice." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /sluice
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund --loglevel=error
COPY . .
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "/sluice/src/cli/main.ts"]

FROM scratch AS sidecar
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A sidecar reverse proxy: the app is upgraded, restarted or stopped without a dropped request." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /rootfs /
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080 9080
# Exec form: sluice is PID 1 and handles its signals itself. The flags: loadtest/launch-flags.ts.
ENTRYPOINT ["/usr/local/bin/node", "--single-threaded-gc", "--max-semi-space-size=8", "--heap-growing-percent=50", "--no-memory-pool", "/sluice/sluice.js"]
CMD ["run"]
