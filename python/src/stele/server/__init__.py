"""``stele serve``: the options, and the two things that start with them.

The server itself is native (``bindings/rust/server``): `app` starts it on a port, and
`ray` has replicas that call it with whole messages.
"""
