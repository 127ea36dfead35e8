"""`python tests/payments/localstripe_process.py PORT`: localstripe, a stand-in of Stripe that others wrote, on loopback."""

import sys

from aiohttp import web
from localstripe.server import app

web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
