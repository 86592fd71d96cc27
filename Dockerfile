# The portal for deployment: web, worker, beat and one-off commands are this one image with different commands.
FROM python:3.12-slim-bookworm

# pango and the Noto fonts draw the letters; nothing else is needed beyond Python's packages.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=nanchang_portal.settings.prod
WORKDIR /srv/portal

COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
# Built with throw-away values, which the image does not keep: nothing here connects or encrypts.
RUN python -m nanchang_portal.launcher.messages \
    && export $(python -m nanchang_portal.settings.keys) \
    && ALLOWED_HOSTS=build DATABASE_URL=postgres://build REDIS_URL=redis://broker CACHE_URL=redis://cache CLAMD_URL=tcp://clamav \
       DATA_DIR=/tmp/build python manage.py collectstatic --noinput -v 0

RUN useradd --system --uid 10001 --home-dir /srv/portal --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /srv/data /srv/heads
# Written at run time: the two volumes, and /tmp (counts, the font cache); the rest may be read-only.
ENV DATA_DIR=/srv/data PROMETHEUS_MULTIPROC_DIR=/tmp/metrics XDG_CACHE_HOME=/tmp/cache HOME=/tmp
USER portal
VOLUME /srv/data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip().lstrip('.'); u.urlopen(u.Request('http://127.0.0.1:8000/healthz/live', headers={'Host': host}), timeout=4)"]
CMD ["gunicorn", "nanchang_portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "4", "--timeout", "60", "--graceful-timeout", "20", \
     "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--no-control-socket", \
     "--logger-class", "nanchang_portal.access_log.DiscreetLogger"]
