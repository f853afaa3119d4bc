"""Sigma's language: detections, rules and correlations, and what pySigma's backends make of them."""
