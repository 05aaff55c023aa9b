"""How does something become text? A template in a sandbox, an answer as programs read it."""
