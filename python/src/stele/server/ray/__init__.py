"""The same services on Ray Serve: replicas on one machine or on a cluster's.

A `replica` holds the services of `stele.server`; Ray carries calls to it, over
HAProxy. Ray reads its settings from the environment when it is imported, so nothing
here imports it before `cluster` has made that environment.
"""
