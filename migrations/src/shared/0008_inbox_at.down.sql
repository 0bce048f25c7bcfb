{postgres: DROP INDEX ix_inbox_at}
