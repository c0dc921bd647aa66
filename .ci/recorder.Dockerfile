# The tools with Debian around them, for the cluster tests: some of the apps that are tested are children of a shell. Built
# after sluice-tools:dev, in any context.

FROM node:26-bookworm-slim
COPY --from=docker.io/library/sluice-tools:dev /sluice /sluice
ENV NODE_ENV=production
WORKDIR /sluice
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "/sluice/src/cli/main.ts"]
