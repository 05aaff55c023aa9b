"""The tasks of ``invoke --list``; elsewhere the same ones are ``calista-migrations ...``."""

from calista_tools.tasks import collection

namespace = collection()
