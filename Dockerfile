# The images of Freehold, one target each: functions, relay, connector, scheduler, gateway, gateway-telemetry; and setup,
# the one-shots of docker-compose.yml. docs/containers.md says how to build them.
# Nothing here needs BuildKit, so that any engine can build it. What changes seldom stands first: new code rebuilds only the
# stages from `library` on, and in the final images only the last layer.

ARG BASE=python:3.12-slim-bookworm
ARG GATEWAY_BASE=debian:bookworm-slim

# The interpreter and what it needs; no package installer, no setuid program, no manual.
FROM ${BASE} AS stripped
COPY infra/images/strip.sh /tmp/
RUN sh /tmp/strip.sh && rm /tmp/strip.sh

# The same with what sets pages: Pango, and two small fonts for most of the world's writing. Loaded by the functions that make
# documents alone, at their first one.
FROM ${BASE} AS stripped-functions
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig-config fonts-dejavu-core fonts-droid-fallback
COPY infra/images/strip.sh /tmp/
RUN sh /tmp/strip.sh && rm /tmp/strip.sh

# What is wanted, without the settings of linters and tests, which change more often.
FROM ${BASE} AS wanted
COPY pyproject.toml /tmp/
RUN mkdir /wanted && sed '/^\[tool/,$d' /tmp/pyproject.toml > /wanted/pyproject.toml

# uv as requirements.lock pins it, and every package that any image needs, fetched once, each hash verified.
FROM ${BASE} AS packages
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
ARG UV_INDEX
ENV UV_CACHE_DIR=/opt/cache UV_LINK_MODE=copy UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock ./
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir --require-hashes --requirement uv.txt
COPY --from=wanted /wanted/pyproject.toml ./
COPY infra/images/install.sh ./
RUN sh install.sh fetch

FROM packages AS functions-packages
RUN sh install.sh into functions papers
FROM packages AS relay-packages
RUN sh install.sh into relay
FROM packages AS connector-packages
RUN sh install.sh into connector
FROM packages AS scheduler-packages
RUN sh install.sh into scheduler
FROM packages AS gateway-telemetry-packages
RUN sh install.sh into traces

# Our own code, compiled: the wheel `freehold`, then each image's own door.
FROM packages AS library
COPY pyproject.toml README.md LICENSE ./
COPY freehold freehold
COPY infra/images/probe.py /srv/freehold/
RUN sh install.sh library && sh install.sh compile /srv/freehold

FROM library AS functions-code
COPY functions /srv/freehold/functions
RUN sh install.sh compile /srv/freehold/functions
FROM library AS relay-code
COPY realtime /srv/freehold/realtime
RUN sh install.sh compile /srv/freehold/realtime
FROM library AS connector-code
COPY connector /srv/freehold/connector
RUN sh install.sh compile /srv/freehold/connector
FROM library AS scheduler-code
COPY jobs_scheduler /srv/freehold/jobs_scheduler
RUN sh install.sh compile /srv/freehold/jobs_scheduler

FROM library AS gateway-telemetry-code
COPY gateway/__init__.py /srv/freehold/gateway/
COPY gateway/telemetry /srv/freehold/gateway/telemetry
RUN sh install.sh compile /srv/freehold/gateway
FROM library AS setup-code
COPY infra/__init__.py infra/keys.py infra/key_rotation.py infra/admin.py /srv/freehold/infra/
COPY infra/compose/*.py /srv/freehold/infra/compose/
RUN sh install.sh compile /srv/freehold/infra

# What all our processes have in common. The user is a number, so that an orchestrator can see that it is not root.
FROM scratch AS runtime
COPY --from=stripped / /
ENV PATH=/opt/freehold/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME=/tmp \
    PYTHONPATH=/srv/freehold PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/freehold
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 8080
LABEL org.opencontainers.image.source="https://github.com/freehold/freehold" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Freehold"

FROM scratch AS functions
COPY --from=stripped-functions / /
ENV PATH=/opt/freehold/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME=/tmp \
    PYTHONPATH=/srv/freehold PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /srv/freehold
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 8080
LABEL org.opencontainers.image.source="https://github.com/freehold/freehold" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Freehold"
COPY --from=functions-packages /opt/freehold /opt/freehold
COPY --from=functions-code /srv/freehold /srv/freehold
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "probe.py", "FREEHOLD_PORT", "8080"]
CMD ["python", "-m", "freehold.edge.server"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Freehold: functions" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM runtime AS relay
COPY --from=relay-packages /opt/freehold /opt/freehold
COPY --from=relay-code /srv/freehold /srv/freehold
ENV FREEHOLD_RELAY_HOST=0.0.0.0 FREEHOLD_RELAY_PORT=8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "probe.py", "FREEHOLD_RELAY_PORT", "8080"]
CMD ["python", "-m", "realtime"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Freehold: relay" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM runtime AS connector
COPY --from=connector-packages /opt/freehold /opt/freehold
COPY --from=connector-code /srv/freehold /srv/freehold
ENV FREEHOLD_HEALTH_HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "probe.py", "FREEHOLD_HEALTH_PORT", "8080"]
CMD ["python", "-m", "connector"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Freehold: connector" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM runtime AS scheduler
COPY --from=scheduler-packages /opt/freehold /opt/freehold
COPY --from=scheduler-code /srv/freehold /srv/freehold
ENV FREEHOLD_HEALTH_HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "probe.py", "FREEHOLD_HEALTH_PORT", "8080"]
CMD ["python", "-m", "jobs_scheduler"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Freehold: scheduler" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM runtime AS gateway-telemetry
COPY --from=gateway-telemetry-packages /opt/freehold /opt/freehold
COPY --from=gateway-telemetry-code /srv/freehold /srv/freehold
ENV FREEHOLD_HEALTH_HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "probe.py", "FREEHOLD_HEALTH_PORT", "8080"]
CMD ["python", "-m", "gateway.telemetry"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Freehold: telemetry of the gateway" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

FROM functions AS setup
COPY --from=setup-code /srv/freehold/infra /srv/freehold/infra
HEALTHCHECK NONE
CMD ["python", "-m", "infra.admin", "--help"]
LABEL org.opencontainers.image.title="Freehold: setup"

# nginx with what `gateway/start` makes of the settings. No Python in it (but in a base that was made locally).
FROM ${GATEWAY_BASE} AS nginx
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    nginx libnginx-mod-http-brotli-filter libnginx-mod-http-brotli-static ca-certificates
COPY infra/images/strip.sh /tmp/
RUN sh /tmp/strip.sh && rm -rf /tmp/strip.sh /etc/nginx/sites-enabled /var/www /run/nginx*

FROM scratch AS gateway
COPY --from=nginx / /
COPY infra/images/probe.bash /srv/freehold/
COPY gateway/start /srv/freehold/gateway/
COPY gateway/nginx /srv/freehold/gateway/nginx
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin LANG=C.UTF-8 HOME=/tmp
WORKDIR /srv/freehold
USER 10001:10001
STOPSIGNAL SIGQUIT
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "/srv/freehold/probe.bash"]
CMD ["sh", "gateway/start"]
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.source="https://github.com/freehold/freehold" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="Freehold" \
      org.opencontainers.image.title="Freehold: gateway" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"
