# syntax=docker/dockerfile:1
# Two images: the program alone (the last target, the default), and with Git for `--hook` and `--base` (`--target git`).
FROM rust:1.95-alpine AS build
# Alpine keeps no old packages, so a pinned version would stop the build one day.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /build
COPY . .
RUN cargo build --release --locked

FROM alpine:3.22 AS git
LABEL org.opencontainers.image.source="https://github.com/mtls-lint/mtls-lint" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="0.1.0"
# CI systems clone to places and as users of their own; the program only reads, and runs nothing that a repository names.
# hadolint ignore=DL3018
RUN apk add --no-cache git && git config --system --add safe.directory '*'
COPY --from=build /build/target/release/mtls-lint /usr/local/bin/mtls-lint
USER 65532:65532
WORKDIR /src
ENTRYPOINT ["/usr/local/bin/mtls-lint"]

FROM scratch AS program
LABEL org.opencontainers.image.source="https://github.com/mtls-lint/mtls-lint" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.version="0.1.0"
COPY --from=build /build/target/release/mtls-lint /usr/local/bin/mtls-lint
USER 65532:65532
WORKDIR /src
ENTRYPOINT ["/usr/local/bin/mtls-lint"]
