# 関所のコンテナイメージ / Sekisho's container image. docs/container.md says how it is built, checked and run.
#
#   docker build -t sekisho .                                   from Docker Hub's Debian 13 slim
#   bin/build-image.sh                                          the same with a base made here, without Docker
#   docker build --secret id=npmrc,src=$HOME/.npmrc --build-arg REGISTRY=… .      behind a private registry
#
# Node comes from the package that the lockfile pins with its SHA-512, so that image and clone run the same binary.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
ARG REGISTRY=https://registry.npmjs.org/
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates curl openssl
WORKDIR /opt/sekisho
COPY package.json package-lock.json .npmrc ./
COPY bin/image bin/image
# Secrets are there for their one step only: an npmrc with credentials, and authorities that the network here asks for.
RUN --mount=type=secret,id=ca,target=/run/ca.pem,required=false \
    REGISTRY=${REGISTRY} sh bin/image/install-npm.sh /opt/npm
# No package of ours needs its install script.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=false --mount=type=secret,id=ca,target=/run/ca.pem,required=false \
    NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --omit=dev --ignore-scripts --no-audit --no-fund --registry=${REGISTRY}
COPY bin/bootstrap.js bin/run.js bin/sekisho.js bin/start.js bin/sbom.js bin/
COPY bin/sbom bin/sbom
RUN node bin/image/prune-modules.js /opt/sekisho && node bin/image/stamp.js && rm -r bin/image
COPY LICENSE NOTICE README.md SECURITY.md ./
COPY config config
COPY fixtures/demo fixtures/demo
COPY src src
# Whoever unpacked the repository under a narrow umask still gives an image that every user id can read.
RUN chmod -R a+rX,go-w /opt/sekisho


FROM ${BASE} AS gateway
# tini reaps what a killed jail leaves behind: node as process 1 does not. setpriv (util-linux 2.41) is in the base.
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update && apt-get upgrade -y && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /var/cache/debconf/*-old \
 && groupadd --gid 64000 sekisho \
 && for role in intake:64001 sanitizer:64002 outlet:64003 admin:64004 jail:64009; do \
      useradd --uid "${role#*:}" --gid 64000 --no-create-home --home-dir / --shell /usr/sbin/nologin "sekisho-${role%:*}" || exit 1; done \
 && mkdir -m 2770 /data && chown 64002:64000 /data && mkdir -m 755 /etc/sekisho
COPY --from=build /opt/sekisho /opt/sekisho
RUN ln -s "/opt/sekisho/node_modules/node-linux-$(dpkg --print-architecture | sed s/amd64/x64/)/bin/node" /usr/local/bin/node \
 && printf '#!/bin/sh\nexec node /opt/sekisho/src/main.ts "$@"\n' > /usr/local/bin/sekisho && chmod 755 /usr/local/bin/sekisho
# What is in this image, Debian's packages too: CycloneDX, docs/advisories/README.md says how it is used.
RUN dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\n' > /tmp/debian.tsv \
 && node /opt/sekisho/bin/sbom.js --installed --debian /tmp/debian.tsv --out /opt/sekisho/sbom.cdx.json && rm /tmp/debian.tsv
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sekisho" \
      org.opencontainers.image.description="メール無害化ゲートウェイ / mail sanitization gateway" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# UV_THREADPOOL_SIZE: each share is synced in a thread of its own (docs/vault-format.md).
ENV SEKISHO_IMAGE=${VERSION} SEKISHO_CONFIG=/etc/sekisho/gateway.yaml SEKISHO_DEMO_DIR=/data/demo \
    NODE_ENV=production NODE_NO_WARNINGS=1 UV_THREADPOOL_SIZE=16 LANG=C.UTF-8 TZ=Asia/Tokyo
# All roles in one container run as this one user, and `doctor` calls their separation nominal. config/compose.yaml
# gives each role a container and a user of its own.
USER 64002:64000
WORKDIR /data
VOLUME /data
EXPOSE 2525
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["sekisho", "health"]
ENTRYPOINT ["tini", "--", "sekisho"]
CMD ["serve"]


# The whole tree of dependencies, for the tests only.
FROM build AS development
ARG REGISTRY=https://registry.npmjs.org/
WORKDIR /opt/full
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=false --mount=type=secret,id=ca,target=/run/ca.pem,required=false \
    NODE_EXTRA_CA_CERTS=/run/ca.pem npm ci --ignore-scripts --no-audit --no-fund --registry=${REGISTRY}


# The image's own files, and beside them what the tests need: `docker build --target test`, then docs/container.md.
FROM gateway AS test
USER 0:0
COPY --from=development /opt/full /opt/full
COPY bin/image/add-dev-modules.js /opt/full/
COPY vitest.config.ts tsconfig.json /opt/sekisho/
RUN node /opt/full/add-dev-modules.js /opt/full /opt/sekisho && rm -r /opt/full
COPY bin /opt/sekisho/bin
COPY docs /opt/sekisho/docs
COPY fixtures /opt/sekisho/fixtures
COPY bench /opt/sekisho/bench
COPY test /opt/sekisho/test
RUN chmod -R a+rX /opt/sekisho
WORKDIR /opt/sekisho
ENTRYPOINT ["tini", "--"]
CMD ["node", "node_modules/vitest/vitest.mjs", "run", "--configLoader", "native", "test/e2e", "test/unit/jail"]


# What `docker build` makes when no target is named.
FROM gateway
