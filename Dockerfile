# Two images: `app` runs web, workers, beat and migrations; `relay` is the next hop of their mail.
# Build one with `docker build --target app .`; docker-compose.yml builds both.

FROM debian:bookworm-slim AS relay
RUN apt-get update \
    && echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates postfix \
    && rm -rf /var/lib/apt/lists/*
# Takes mail from the compose network alone. It hands over at once and gives up within a day: a relay that queues for
# days would hide back-offs and bounces from Connect.
RUN postconf -e compatibility_level=3.6 maillog_file=/dev/stdout mydestination= inet_protocols=ipv4 \
        'mynetworks=127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16' \
        smtpd_relay_restrictions=permit_mynetworks,reject smtp_tls_security_level=may \
        maximal_queue_lifetime=1d bounce_queue_lifetime=1d
EXPOSE 25
CMD ["sh", "-c", "postconf -e \"myhostname=$MAIL_HOSTNAME\" && exec postfix start-fg"]

FROM python:3.11-slim-bookworm AS app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 CONNECT_HOME=/var/lib/connect LOG_FORMAT=json
RUN useradd --system --create-home --home-dir /var/lib/connect --uid 10001 connect
WORKDIR /srv/connect
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
# Only collects and compiles; no server and no secret is needed for it, so it runs as on one machine.
RUN python -m delivery.senders.eight \
    && python -m compileall -q . \
    && if [ -d locale ]; then pybabel compile --directory locale --domain django; fi \
    && CONNECT_HOME=/tmp/build STATICFILES_HASHED=true python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
USER connect
VOLUME /var/lib/connect
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "connect.wsgi:application"]
