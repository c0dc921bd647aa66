# sluice: the sidecar (default target) and its tools (--target tools: command line and load test).
#
#   docker build -t sluice:dev .
#   docker build -t sluice-tools:dev --target tools .
#   docker build -t sluice:dev --platform linux/arm64 .     (buildah: and --build-arg BUILDPLATFORM=linux/amd64)
#
# One file for amd64 and arm64: everything runs on the architecture of the machine that builds. Sidecar and tools hold Node
# of the version that package-lock.json pins, the libraries that it loads, and files of ours: no shell, no package manager.
# What an image carries is in it: /sluice/sluice.cdx.json (CycloneDX) and /sluice/licenses.txt.
#
# The same commit gives the same content, as long as Debian's four packages are the same: `npm run test:image` compares two builds.
# For equal times too, SOURCE_DATE_EPOCH is the commit's time, as a build argument and for the builder (buildah: --timestamp).

FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS target
ARG TARGETARCH
WORKDIR /sluice
COPY package.json package-lock.json .npmrc ./
COPY scripts/image/target scripts/image/target
RUN scripts/image/target "${TARGETARCH:-$(dpkg --print-architecture)}" /target

FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS build
ARG TARGETARCH
WORKDIR /sluice
# Code is compiled by the Node of the image. Where that is of another architecture, an emulator runs it.
RUN if [ "${TARGETARCH:-$(dpkg --print-architecture)}" != "$(dpkg --print-architecture)" ]; then \
      apt-get update -qq && apt-get install -y -qq --no-install-recommends qemu-user-static; \
    fi
COPY package.json package-lock.json .npmrc ./
# npm ci takes what the lock file names and nothing else, the Node that runs here included.
RUN npm ci --no-audit --no-fund --loglevel=error
COPY . .
COPY --from=target /target /target
ARG SOURCE_DATE_EPOCH=0
RUN SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH npm exec --offline -- node scripts/image/assemble.ts --target /target --out /rootfs

FROM build AS build-tools
RUN SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH npm exec --offline -- node scripts/image/assemble.ts --target /target --out /tools --tools

FROM scratch AS tools
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sluice-tools" \
      org.opencontainers.image.description="The command line and the load test of sluice." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="The sluice authors" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build-tools /tools /
ENV NODE_ENV=production
WORKDIR /sluice
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "/sluice/src/cli/main.ts"]

FROM scratch AS sidecar
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sluice" \
      org.opencontainers.image.description="A sidecar reverse proxy: the app is upgraded, restarted or stopped without a dropped request." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="The sluice authors" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /rootfs /
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
USER 65532:65532
EXPOSE 8080 9080
# Exec form: sluice is PID 1 and handles its signals itself. The flags, and MALLOC_ above: loadtest/launch-flags.ts.
ENTRYPOINT ["/usr/local/bin/node", "--single-threaded-gc", "--max-semi-space-size=2", "--heap-growing-percent=50", "--no-memory-pool", "--no-maglev", "--disable-sigusr1", "/sluice/start.js"]
CMD ["run"]
