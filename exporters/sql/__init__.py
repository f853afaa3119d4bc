"""What the SQL targets share: the steps of a query, table layouts, and dialects."""
