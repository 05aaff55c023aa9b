"""How a run is told: to people, to programs, to CI."""
