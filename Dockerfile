# Base images are arguments, so that the image can be built from a registry mirror or without any.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY test/require-node.cjs test/
COPY deploy/bundle deploy/bundle
COPY src src
# "prepare" bundles src and its dependencies into dist, so that nothing else need be in the image.
RUN npm ci

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
RUN ln -s /app/dist/main.js /usr/local/bin/jwt-injector
ENV NODE_ENV=production
USER 65532:65532
# Node's default heap is half of the container's memory. "run" would begin again with this flag by itself.
ENTRYPOINT ["node", "--max-old-space-size-percentage=70", "/app/dist/main.js"]
CMD ["run"]
