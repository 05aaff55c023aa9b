"""Which name does an object get in the end? Its convention, ``op.f`` and shortening, on each dialect."""
