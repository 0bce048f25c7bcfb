-- Who asks for everything about himself, or to be forgotten, has versions of visits too.
CREATE INDEX ix_visit_versions_record ON visit_versions (source_record_id);
