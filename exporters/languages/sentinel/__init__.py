"""Microsoft Sentinel: Kusto, the queries written in it, analytics rules and Resource Manager templates."""
