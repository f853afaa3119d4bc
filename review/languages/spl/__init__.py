"""Splunk's search language: a pipeline of commands, read into one condition on a record."""
