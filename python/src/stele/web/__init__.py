"""The page: models converted for a browser, and what Python answers to the same inputs."""
