# The server as an image: built with everything, run with what a server needs, as a user without rights, on a file system that it cannot write to
# but for /data. compose.yaml beside this file runs it.
#
# Images are named by version, here and there, and not by digest: who owns a tag can put another image under it. To have none but the one that you have looked at, ask
# for its digest (docker buildx imagetools inspect NAME:TAG) and write NAME:TAG@sha256:DIGEST.

FROM node:20.20.2-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc LICENSE ./
# better-sqlite3 may have to be compiled: this image has what that takes.
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY client-sdk client-sdk
COPY server server
COPY views views
COPY migrations migrations
COPY bench bench
COPY test test
RUN npm run build && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf dist/test dist/bench && find dist -name '*.map' -delete && find dist -name '*.tsbuildinfo' -delete

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DICE_DATA_DIR=/data
WORKDIR /app
COPY --from=build /build/package.json /build/LICENSE ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/migrations migrations
COPY --from=build /build/dist dist
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/server/main.js"]
