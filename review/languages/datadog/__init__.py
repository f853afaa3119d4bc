"""Datadog: the syntax of its log searches, and the rules that ask them.

https://docs.datadoghq.com/logs/explorer/search_syntax/
"""
