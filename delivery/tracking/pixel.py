"""The image that an open loads."""

from base64 import b64decode

#: One transparent point.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
