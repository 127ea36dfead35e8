# Local images in the place of the official ones that docker-compose.yml names, for machines that reach no registry: from
# Debian's packages, and the MongoDB of the wheel that the tests use. For trying and testing only. They behave as far as the
# compose file can tell: the same programs on the PATH, the same users, folders and ports.

ARG BASE

FROM ${BASE} AS mongodb
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libcurl4 && rm -rf /var/lib/apt/lists
COPY mongod /usr/local/bin/
RUN mkdir -p /data/db && chown 999:999 /data/db
EXPOSE 27017
CMD ["mongod"]

FROM ${BASE} AS rabbitmq
RUN groupadd --gid 999 rabbitmq && useradd --uid 999 --gid 999 --home-dir /var/lib/rabbitmq --no-create-home rabbitmq \
 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rabbitmq-server \
 && rm -rf /var/lib/apt/lists && chown -R 999:999 /var/lib/rabbitmq
# Debian's own command in /usr/sbin changes the user first; this one does not
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
EXPOSE 5672
CMD ["rabbitmq-server"]

FROM ${BASE} AS prometheus
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus wget \
 && rm -rf /var/lib/apt/lists && mkdir -p /prometheus && chown 65534:65534 /prometheus
EXPOSE 9090
ENTRYPOINT ["prometheus"]
