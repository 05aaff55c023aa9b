"""How is a template rendered? In a sandbox: it may come from somebody else."""
