"""What the SQL targets share: one relational reading of a query, table layouts, and dialects."""
