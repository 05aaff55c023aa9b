"""Every revision proven: upgrade, assert, downgrade, assert."""
