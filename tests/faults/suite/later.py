"""Faults of channels and features that come later: they say so, and are filled in with them."""

from tests.faults.suite.catalogue import not_built

not_built("F16", "a lying server: 250, then a DSN", "reading DSNs isn't built")
not_built("F28", "webhooks replayed, out of order, early", "webhooks of providers aren't built")
not_built("F29", "a provider's 200 whose response is lost", "the channels SMS and push aren't built")
