DROP INDEX ix_visit_versions_record;
