"""The tier ``parallel``: concurrent operations against one target, judged by linearizability."""
