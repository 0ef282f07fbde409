# The bundle that `npm ci` (or `npm run build`) made in dist/, Node 24, and nothing else: no npm, no shell, no package manager.
# No step runs a program, so an image for another architecture needs no emulation, and the same files give the same image.
# deploy/release builds it for all architectures.

# Where Node comes from: any image with an official Node 24 at /usr/local/bin/node, 24.6 or newer. Others, such as 24.5 and 26, do
# not know all flags of ENTRYPOINT, so they would not start.
ARG NODE_IMAGE=node:24-bookworm-slim
# What Node needs to run: glibc and libstdc++ of Debian 12 or newer.
ARG BASE=gcr.io/distroless/cc-debian12

FROM ${NODE_IMAGE} AS node

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="jwt-injector" \
      org.opencontainers.image.description="Keeps JSON Web Tokens fresh in Kubernetes Secrets and injects them into pods" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
# dist/ holds LICENSE, licenses.txt and sbom.cdx.json, too: the terms, and what is bundled. Nothing is copied from beside it: the
# modes of other files depend on the umask with which they were checked out.
COPY dist dist
ENV NODE_ENV=production
ENV PATH=/app/dist/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
# What fits the memory of "run" to its container (docs/performance.md, "Many JWTs"). Without these, it would begin again with them.
ENV MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["node", "--max-old-space-size-percentage=70", "--max-semi-space-size=4", "--concurrent-marking-max-worker-num=1", \
  "--no-separate-gc-phases", "/app/dist/main.js"]
CMD ["run"]
