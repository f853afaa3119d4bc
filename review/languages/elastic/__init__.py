"""Elastic: KQL, EQL and ES|QL over CloudTrail as the AWS integration stores it."""
