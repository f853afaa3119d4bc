"""Sigma: how its values are compared, its conditions read and its detections made into expressions.

https://sigmahq.io/sigma-specification/specification/sigma-rules-specification.html
"""
