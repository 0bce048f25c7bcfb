-- Old entries are forgotten by the hour (ADR 28). SQLite reads through the table instead, once an hour, and writes one index less.
{postgres: CREATE INDEX ix_inbox_at ON inbox (at)}
