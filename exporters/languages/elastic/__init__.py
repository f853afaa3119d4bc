"""Elastic: ES|QL, EQL and KQL, the queries written in them, and the saved objects of Kibana."""
