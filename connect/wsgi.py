"""What the web server loads: Django, behind what answers most clicks and pixels by itself."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connect.settings")

django = get_wsgi_application()

from delivery.tracking.quick import quick  # noqa: E402 - it needs the settings and the apps

application = quick(django)
