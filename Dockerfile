# The images of Freehold, one target each: functions, relay, connector, scheduler. docs/containers.md says how to build them.
# Nothing here needs BuildKit, so that any engine can build it. What changes seldom stands first: new code rebuilds only the
# stages from `library` on, and in the final images only the last layer.

ARG BASE=python:3.12-slim-bookworm

# The interpreter and what it needs; no package installer, no setuid program, no manual.
FROM ${BASE} AS stripped
COPY infra/images/strip.sh /tmp/
RUN sh /tmp/strip.sh && rm /tmp/strip.sh

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
COPY pyproject.toml infra/images/install.sh ./
RUN sh install.sh fetch

FROM packages AS functions-packages
RUN sh install.sh into functions
FROM packages AS relay-packages
RUN sh install.sh into relay
FROM packages AS connector-packages
RUN sh install.sh into connector
FROM packages AS scheduler-packages
RUN sh install.sh into scheduler

# Our own code, compiled: the wheel `freehold`, then each image's own door.
FROM packages AS library
COPY README.md LICENSE ./
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

FROM runtime AS functions
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
