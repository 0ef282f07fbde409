# Base images are arguments, so that the image can be built from a registry mirror or without any.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY test/require-node.cjs test/
COPY src src
# "prepare" compiles src to dist; then only what runs is kept.
RUN npm ci && rm -r node_modules && npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/main.js /usr/local/bin/jwt-injector
ENV NODE_ENV=production
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
