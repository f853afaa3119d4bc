"""Splunk: the search language, the searches written in it, and .conf files."""
